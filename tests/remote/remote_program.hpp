// Runs the built qmail-remote in a home of its own.
#pragma once

#include "base/sys/file.hpp"
#include "support/process.hpp"
#include "support/smtp_script.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

namespace grapnel::test {

class RemoteProgram : public testing::Test {
protected:
    std::string deliver_to(const SmtpScript& server,
                           std::vector<std::string> recipients = {"r@far.example"},
                           const std::string& text = message)
    {
        home.control("smtproutes", ":" + server.route());
        return deliver(std::move(recipients), text);
    }

    std::string deliver(std::vector<std::string> recipients = {"r@far.example"},
                        const std::string& text = message)
    {
        std::vector<std::string> arguments{"far.example", sender};
        arguments.insert(arguments.end(), recipients.begin(), recipients.end());
        return run_remote(arguments, text);
    }

    std::string run_remote(const std::vector<std::string>& arguments,
                           const std::string& text = message)
    {
        home.write("message", text);
        const Fd input = open_read(home / "message");
        Launch launch{{home.program("qmail-remote")}, home.environment(), {}, {{0, input.get()}}};
        launch.argv.insert(launch.argv.end(), arguments.begin(), arguments.end());
        const auto finished = run(launch);
        EXPECT_FALSE(finished.ending.crashed);
        EXPECT_EQ(finished.ending.code, 0);
        EXPECT_EQ(finished.errors, "");
        return finished.output;
    }

    static inline const std::string message = "Subject: tide\n\nHigh at noon.\n";
    TempHome home;
    std::string sender = "s@here.example";
};

}
