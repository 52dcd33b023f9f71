#include "inject/capture.hpp"

#include <filesystem>

namespace grapnel::test {

Capture::Capture(int exit_code, const std::string& text)
{
    spill(directory_ / "queue",
          "#!/bin/sh\n"
          "n=0; until mkdir $CAPTURE/$n 2>/dev/null || [ ! -d $CAPTURE ]; do n=$((n+1)); done\n"
          "cat > $CAPTURE/$n.message\n"
          "cat <&1 > $CAPTURE/$n.envelope\n"
          "cat $CAPTURE/text >&6\n"
          "exit $CAPTURE_EXIT\n",
          0755);
    answer(exit_code, text);
}

void Capture::answer(int exit_code, const std::string& text)
{
    exit_code_ = exit_code;
    spill(directory_ / "text", text);
}

std::vector<std::string> Capture::environment() const
{
    return {"QMAILQUEUE=" + directory_ / "queue", "CAPTURE=" + directory_.path(),
            "CAPTURE_EXIT=" + std::to_string(exit_code_)};
}

std::vector<Captured> Capture::take()
{
    std::vector<Captured> all;
    for (;; ++taken_) {
        const auto stem = directory_ / std::to_string(taken_);
        if (!std::filesystem::exists(stem + ".envelope")) return all;
        all.push_back({slurp(stem + ".message"), slurp(stem + ".envelope")});
    }
}

Ran run_program(const TempHome& home, std::vector<std::string> argv,
                std::vector<std::string> variables, std::string_view input,
                const std::string& directory)
{
    variables.push_back("QMAILHOME=" + home.path());
    variables.push_back("PATH=/usr/local/bin:/usr/bin:/bin");
    Process process(
        {.argv = std::move(argv), .environment = std::move(variables), .directory = directory});
    process.write(input);
    Ran ran{{}, process.pid()};
    const auto ending = process.wait();
    ran.outcome = {ending.value_or(Ending{true, -1}), process.output(), process.errors()};
    return ran;
}

}
