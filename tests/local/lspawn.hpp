// qmail-lspawn, asked for one delivery after another, and what it says of each.
#pragma once

#include "queue/delivery.hpp"
#include "support/process.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace grapnel::test {

class Lspawn {
public:
    explicit Lspawn(Launch launch) : process_(std::move(launch)) {}

    void ask(unsigned number, const std::string& local, const std::string& sender = "s@far.example")
    {
        process_.write(queue::encode(queue::Job{number, "1/4", sender, local + "@here"}));
    }
    std::string deliver(const std::string& local, const std::string& sender = "s@far.example")
    {
        const unsigned number = next_++ % 100 + 1;
        const auto before = process_.output().size();
        ask(number, local, sender);
        if (!wait_for_another(before)) return "no report";
        const auto report =
            std::string_view(process_.output()).substr(std::max<std::size_t>(before, 1));
        return std::string(report.substr(1, report.size() - 2));
    }
    bool wait_for_output(std::string_view text) { return process_.wait_for_output(text); }
    int finish() { return process_.wait()->code; }
    pid_t pid() const { return process_.pid(); }

private:
    // The limit byte, and a NUL for each report.
    bool wait_for_another(std::size_t before)
    {
        return wait_until([&] {
            process_.wait_for_output("\1 never said \1", milliseconds(10));
            const auto& output = process_.output();
            return output.size() > std::max<std::size_t>(before, 1) && output.back() == '\0';
        });
    }

    Process process_;
    unsigned next_ = 0;
};

}
