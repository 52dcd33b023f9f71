// qmail-lspawn, with qmail-getpw and qmail-newu, as root among users of its own, before everything
// that was recorded of the original in lspawn.txt.
#include "base/sys/file.hpp"
#include "compat/accounts.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace grapnel::test {

namespace {

namespace fs = std::filesystem;

constexpr const char* message = "queue/mess/1/4711";

// Stands in for bin/qmail-local: notes its arguments and who it is.
std::string stand_in(const std::string& notes, int exit_code)
{
    const std::string ending = exit_code < 0 ? "kill " + std::to_string(exit_code) + " $$"
                                             : "exit " + std::to_string(exit_code);
    return "#!/bin/sh\ncd -P . && pwd >" + notes + "/cwd\nprintf '%s\\0' \"$@\" >" + notes +
           "/args\nid -u >" + notes + "/uid\nid -g >" + notes + "/gid\nid -G >" + notes +
           "/groups\ncat " + notes + "/output\ncat " + notes + "/error >&2\n" + ending + "\n";
}

class LspawnReplay {
public:
    LspawnReplay(Production& production, const Recorded& block)
        : production_(production), block_(block)
    {
        if (::chmod(notes_.path().c_str(), 01777) != 0) throw std::runtime_error("chmod");
    }

    void compare()
    {
        lay_out();
        std::string input;
        for (const auto& command : block_.all("command")) input += expand(command, known_);
        Launch launch{.argv = {"qmail-lspawn"}};
        for (const auto& argument : block_.all("arg")) launch.argv.push_back(argument);
        if (!block_.has("arg") && block_.name() != "no argument")
            launch.argv.push_back("./Mailbox");
        const Finished finished = run(production_.inside(std::move(launch)), input);
        EXPECT_EQ(finished.ending.code, block_.number("exit")) << finished.errors;
        std::string recorded;
        if (block_.has("limit"))
            recorded = static_cast<char>(block_.number("limit")) + block_.value("report");
        EXPECT_EQ(visible(finished.output), visible(expand(recorded, known_)));
        compare_notes();
    }

private:
    void lay_out()
    {
        known_ = make_accounts(production_, block_);
        known_.insert({{"S", "1"}, {"N", "4711"}});
        spill(production_ / message, "Subject: x\n\nhi\n", 0644);
        const uid_t owner = block_.value("mess-owner") == "root" ? 0 : Production::uid_of("qmailq");
        ASSERT_EQ(::chown((production_ / message).c_str(), owner, gid_of_queue), 0);
        spill(notes_ / "output", block_.value("local-output"), 0644);
        spill(notes_ / "error", block_.value("local-error"), 0644);
        fs::remove(production_ / "bin/qmail-local");
        spill(production_ / "bin/qmail-local", stand_in(notes_.path(), block_.number("local-exit")),
              0755);
        for (const auto* name : {"users/cdb", "users/assign"}) fs::remove(production_ / name);
        if (block_.has("cdb")) spill(production_ / "users/cdb", block_.value("cdb"));
        if (!block_.has("assign")) return;
        spill(production_ / "users/assign", expand(block_.value("assign"), known_));
        const Finished made = run(production_.inside({.argv = {"qmail-newu"}}));
        EXPECT_EQ(made.ending.code, 0) << made.errors;
    }

    void compare_notes()
    {
        std::string arguments;
        for (const auto& argument : block_.all("local-arg"))
            arguments += expand(argument, known_) + '\0';
        EXPECT_EQ(visible(slurp(notes_ / "args")), visible(arguments));
        expect("local-uid", "uid");
        expect("local-gid", "gid");
        expect("local-cwd", "cwd");
        EXPECT_EQ(slurp(notes_ / "groups"), slurp(notes_ / "gid"));   // recorded as "same as gid"
    }

    void expect(const char* key, const char* note)
    {
        if (!block_.has(key)) return;
        EXPECT_EQ(slurp(notes_ / note), expand(block_.value(key), known_) + '\n') << key;
    }

    Production& production_;
    const Recorded& block_;
    TempDirectory notes_;
    Known known_;
};

}

TEST(LspawnCompat, EveryRecordedDeliveryGoesToTheSameUser)
{
    if (const auto why = Production::unavailable()) GTEST_SKIP() << *why;
    Production production({"qmail-lspawn", "qmail-getpw", "qmail-newu"});
    for (const auto& block : read_recorded("lspawn.txt")) {
        SCOPED_TRACE(block.name());
        LspawnReplay(production, block).compare();
    }
}

}
