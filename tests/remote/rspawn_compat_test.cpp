// qmail-rspawn before the recorded commands and reports of tests/compat/rspawn.txt.
#include "base/sys/file.hpp"
#include "support/process.hpp"
#include "support/recorded.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <iostream>

using namespace grapnel::test;

namespace {

// A stand-in for qmail-remote: notes its arguments, says what it is told to, ends as it is told to.
constexpr std::string_view stand_in = R"(#!/bin/sh
for argument; do printf '%s\0' "$argument"; done >>"$STAND_IN/arguments"
cat "$STAND_IN/output"
cat "$STAND_IN/error" >&2
code=$(cat "$STAND_IN/code")
case $code in
-*) kill "$code" $$ ;;
*) exit "$code" ;;
esac
)";

class Replay {
public:
    explicit Replay(const Recorded& block) : block_(block)
    {
        spill(scratch_ / "remote", stand_in, 0755);
        spill(scratch_ / "output", block.value("remote-output"));
        spill(scratch_ / "error", block.value("remote-error"));
        spill(scratch_ / "code", block.value("remote-exit", "0"));
    }

    void run()
    {
        if (block_.has("mess")) make_message();
        std::string commands;
        for (const auto& command : block_.all("command")) commands += with_numbers(command);
        auto variables = block_.all("env");
        if (variables.empty()) variables = {"QMAILREMOTE=" + scratch_ / "remote"};
        variables.push_back("STAND_IN=" + scratch_.path());
        const auto finished = grapnel::test::run(
            {{home_.program("qmail-rspawn")}, home_.environment(variables)}, commands);
        EXPECT_EQ(finished.ending.code, block_.number("exit"));
        ASSERT_FALSE(finished.output.empty());
        EXPECT_EQ(static_cast<unsigned char>(finished.output[0]), block_.number("limit"));
        EXPECT_EQ(finished.output.substr(1), block_.value("report"));
        std::string arguments;
        for (const auto& argument : block_.all("remote-arg")) arguments += argument + '\0';
        EXPECT_EQ(slurp(scratch_ / "arguments"), arguments);
    }

private:
    void make_message()
    {
        constexpr uid_t somebody_else = 12345;
        const auto path = home_ / "message";
        if (block_.has("mess-type"))
            grapnel::make_directory(path, 0755);
        else
            spill(path, block_.value("mess"));
        const uid_t owner = block_.has("mess-owner") ? somebody_else : ::geteuid();
        EXPECT_EQ(::chown(path.c_str(), owner, static_cast<gid_t>(-1)), 0);
        const auto about = grapnel::status_if_there(path);
        number_ = std::to_string(about->st_ino);
        split_ = std::to_string(about->st_ino % TempHome::default_split);
        grapnel::rename_file(path, home_ / ("queue/mess/" + split_ + "/" + number_));
    }
    std::string with_numbers(std::string text) const
    {
        return replace_all(replace_all(std::move(text), "@S@", split_), "@N@", number_);
    }

    const Recorded& block_;
    TempHome home_;
    TempDirectory scratch_;
    std::string number_ = "0", split_ = "0";
};

}

TEST(RspawnCompat, ReportsAsTheOriginalDid)
{
    for (const auto& block : read_recorded("rspawn.txt")) {
        SCOPED_TRACE(block.name());
        if (block.has("mess-owner") && ::geteuid() != 0) {
            std::cout << "not root, left out: " << block.name() << '\n';
            continue;
        }
        Replay(block).run();
    }
}
