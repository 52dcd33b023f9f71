// sendmail before the recorded inputs of the original: tests/compat/sendmail.txt.
#include "base/text.hpp"
#include "inject/capture.hpp"
#include "support/recorded.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

using namespace grapnel;
using namespace grapnel::test;

namespace {

// Where we differ on purpose (docs/compatibility.md): options that other sendmails have are
// understood.
bool asks_for_more(const Recorded& block)
{
    constexpr std::string_view words = "sendmail: illegal option -- ", more = "ACGLNORUVXdhnqr";
    const auto said = block.value("stderr");
    return said.starts_with(words) && more.find(said[words.size()]) != std::string_view::npos;
}

// What runs in place of qmail-inject and others: keeps its arguments and its environment.
void replace(const TempHome& home, const std::string& name, const TempDirectory& dump)
{
    std::filesystem::remove(home.program(name));
    spill(home.program(name),
          "#!/bin/sh\nprintf '%s' \"$0\" > " + dump / "program" +
              "\nfor a; do printf '%s\\0' \"$a\"; done > " + dump / "arguments" +
              "\ncat /proc/$$/environ > " + dump / "environment" + "\n",
          0755);
}

std::vector<std::string> records(const std::string& bytes)
{
    std::vector<std::string> result;
    std::string_view rest = bytes;
    while (const auto one = take_until(rest, '\0')) result.emplace_back(*one);
    return result;
}

}

TEST(SendmailCompat, AnswersAsTheOriginalDid)
{
    const TempHome home;
    const TempDirectory dump;
    for (const auto* name : {"qmail-inject", "qmail-smtpd", "qmail-qread"})
        replace(home, name, dump);
    for (const auto& block : read_recorded("sendmail.txt")) {
        SCOPED_TRACE(block.name());
        if (asks_for_more(block) || block.name() == "-f '<>'") continue;
        for (const auto* name : {"program", "arguments", "environment"})
            std::filesystem::remove(dump / name);
        // bash, for it can give a program any name.
        std::vector<std::string> argv{"/bin/bash", "-c",
                                      "exec -a \"$0\" " + home.program("sendmail") + " \"$@\"",
                                      block.value("arg0", "sendmail")};
        for (const auto& argument : block.all("arg")) argv.push_back(argument);
        const auto ran = run_program(home, argv, block.all("env"), block.value("stdin"));
        EXPECT_EQ(slurp(dump / "program"), block.value("runs"));
        EXPECT_EQ(records(slurp(dump / "arguments")), block.all("runs-arg"));
        auto environment = records(slurp(dump / "environment"));
        std::erase_if(environment, [](const std::string& entry) {
            const auto name = entry.substr(0, entry.find('='));
            return name == "PATH" || name == "QMAILHOME" || name == "PWD" || name == "OLDPWD" ||
                   name == "SHLVL" || name == "_";
        });
        std::sort(environment.begin(), environment.end());
        auto expected = block.all("runs-env");
        std::sort(expected.begin(), expected.end());
        EXPECT_EQ(environment, expected);
        if (block.has("runs")) continue;
        EXPECT_EQ(ran.outcome.ending.code, block.number("exit"));
        EXPECT_EQ(ran.outcome.errors, block.value("stderr"));
    }
}
