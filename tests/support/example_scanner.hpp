// hooks/examples/scanner.py on loopback, and the directory in control/hooks/ that names it.
#pragma once

#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <sys/stat.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::test {

class ExampleScanner {
public:
    explicit ExampleScanner(std::vector<std::string> arguments = {})
        : process_(launch(std::move(arguments)))
    {
        const std::string word = "listening on ";
        if (!process_.wait_for_output("/\n"))
            throw std::runtime_error("the example scanner: " + process_.errors());
        const auto& said = process_.output();
        const auto begin = said.find(word) + word.size();
        url_ = said.substr(begin, said.find('\n', begin) - begin);
    }

    // control/hooks/NAME/, with further files.
    void configure(const TempHome& home, const std::string& name, const std::string& stages,
                   const std::vector<std::pair<std::string, std::string>>& more = {}) const
    {
        configure_in(home / "control", name, stages, more);
    }
    void configure_in(const std::string& control, const std::string& name,
                      const std::string& stages,
                      const std::vector<std::pair<std::string, std::string>>& more = {}) const
    {
        ::mkdir((control + "/hooks").c_str(), 0755);
        const std::string directory = control + "/hooks/" + name;
        ::mkdir(directory.c_str(), 0755);
        spill(directory + "/token", std::string(token) + '\n', 0400);
        spill(directory + "/insecure-loopback", "1\n");
        spill(directory + "/url", url_ + '\n');
        for (const auto& [file, text] : more) spill(directory + '/' + file, text + '\n');
        spill(directory + "/stages", stages + '\n');
    }
    bool wait_for(std::string_view text) { return process_.wait_for_output(text); }
    const std::string& output() const { return process_.output(); }
    Process& process() { return process_; }

private:
    static constexpr const char* token = "a-token-of-the-tests-0123456789abcdef";

    static Launch launch(std::vector<std::string> arguments)
    {
        std::vector<std::string> argv{"python3", GRAPNEL_EXAMPLES "/scanner.py", "--token", token};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        return {.argv = argv,
                .environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1"}};
    }

    Process process_;
    std::string url_;
};

}
