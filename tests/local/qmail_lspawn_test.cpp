// qmail-lspawn's conversation with qmail-send (contract 5.2), in a sandbox, with a stand-in for
// qmail-local.
#include "queue/delivery.hpp"
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <map>

namespace grapnel::test {

namespace {

constexpr char limit_byte = 120;

class QmailLspawn : public testing::Test {
protected:
    QmailLspawn()
    {
        home.user("joe");
        home.write("queue/mess/1/4", "Subject: x\n\nhi\n");
    }

    // What stands in for qmail-local; its fourth argument is the address's local part.
    void stand_in(const std::string& script)
    {
        home.write("stand-in", "#!/bin/sh\n" + script, 0755);
    }

    Launch launch() const
    {
        return {.argv = {home.program("qmail-lspawn"), "./Mailbox"},
                .environment = home.environment({"QMAILLOCAL=" + (home / "stand-in")})};
    }

    static std::string job(unsigned number, const std::string& recipient,
                           const std::string& message = "1/4")
    {
        return queue::encode(queue::Job{number, message, "s@far.example", recipient});
    }

    // Letter and text of each report, by delivery number.
    std::map<unsigned, std::string> reports(const std::string& input)
    {
        const auto done = run(launch(), input);
        EXPECT_EQ(done.ending.code, 0) << done.errors;
        return read(done.output);
    }

    static std::map<unsigned, std::string> read(std::string_view output)
    {
        EXPECT_EQ(output.substr(0, 1), std::string(1, limit_byte));
        output.remove_prefix(1);
        std::map<unsigned, std::string> result;
        queue::ReportReader reader;
        while (const auto report = reader.take(output))
            result[report->number] += report->letter + report->text;
        return result;
    }

    std::string report_on(const std::string& recipient, const std::string& message = "1/4")
    {
        return reports(job(0, recipient, message))[0];
    }

    TempHome home;
};

}

TEST_F(QmailLspawn, WhatCannotBeDeliveredIsAnsweredAtOnce)
{
    stand_in("exit 0\n");
    const std::string nonnumeric = "DInternal error: messid has nonnumerics. (#5.3.5)\n";
    for (const auto* message : {"/1", "x", "1/4x", "../1", "1/.4", "-1", " 1"})
        EXPECT_EQ(report_on("joe@h", message), nonnumeric) << message;
    EXPECT_EQ(report_on("joe@h", std::string(99, '1')),
              "Zqmail-spawn unable to open message. (#4.3.0)\n");
    EXPECT_EQ(report_on("joe@h", std::string(100, '1')),
              "DInternal error: messid too long. (#5.3.5)\n");
    EXPECT_EQ(report_on("joe@h", ""), "DInternal error: messid too short. (#5.3.5)\n");
    EXPECT_EQ(report_on("joe"), "DSorry, address must include host name. (#5.1.3)\n");
    EXPECT_EQ(report_on("joe@h", "1/5"), "Zqmail-spawn unable to open message. (#4.3.0)\n");
    EXPECT_EQ(report_on("joe@h", "1"), "ZSorry, message has wrong type. (#4.3.5)\n");
    ASSERT_EQ(::mkfifo((home / "queue/mess/1/6").c_str(), 0600), 0);
    EXPECT_EQ(report_on("joe@h", "1/6"), "ZSorry, message has wrong type. (#4.3.5)\n");
}

TEST_F(QmailLspawn, AMessageThatIsNotTheQueuesIsRefused)
{
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a file away";
    stand_in("exit 0\n");
    ASSERT_EQ(::chown((home / "queue/mess/1/4").c_str(), 65534, 65534), 0);
    EXPECT_EQ(report_on("joe@h"), "ZSorry, message has wrong owner. (#4.3.5)\n");
}

TEST_F(QmailLspawn, NumbersOutOfRangeOrInUseAreRefused)
{
    stand_in("cat </dev/null; while [ ! -e " + (home / "go") +
             " ]; do sleep 0.01; done; echo done\n");
    Process process(launch());
    process.write(job(7, "joe@h") + job(7, "joe@h") + job(120, "joe@h") + job(255, "joe@h"));
    EXPECT_TRUE(process.wait_for_output("\xffZInternal error: delnum too big. (#4.3.5)\n"));
    home.write("go", "");
    EXPECT_EQ(process.wait()->code, 0);
    const auto all = read(process.output());
    EXPECT_EQ(all.at(7), "ZInternal error: delnum in use. (#4.3.5)\nKdone\n");
    EXPECT_EQ(all.at(120), "ZInternal error: delnum too big. (#4.3.5)\n");
}

TEST_F(QmailLspawn, AllItsSlotsRunAtOnceAndAreUsedAgain)
{
    stand_in("echo \"$4\"; exit 0\n");
    std::string jobs;
    for (unsigned number = 0; number < 120; ++number)
        jobs += job(number, "joe-" + std::to_string(number) + "@h");
    const auto all = reports(jobs);
    EXPECT_EQ(all.size(), 120u);
    for (const auto& [number, text] : all) EXPECT_EQ(text, "Kjoe-" + std::to_string(number) + '\n');
}

TEST_F(QmailLspawn, CommandsMayComeByteByByte)
{
    stand_in("echo hello\n");
    Process process(launch());
    for (const char c : job(3, "joe@h")) process.write({&c, 1});
    EXPECT_TRUE(process.wait_for_output(std::string_view("\3Khello\n\0", 9)));
    EXPECT_EQ(process.wait()->code, 0);
}

TEST_F(QmailLspawn, EndOfInputWaitsForWhatRuns)
{
    stand_in("while [ ! -e " + (home / "go") + " ]; do sleep 0.01; done; echo late\n");
    Process process(launch());
    process.write(job(0, "joe@h"));
    process.close_input();
    EXPECT_FALSE(process.wait(milliseconds(200)).has_value());
    home.write("go", "");
    EXPECT_EQ(process.wait()->code, 0);
    EXPECT_EQ(read(process.output()).at(0), "Klate\n");
}

TEST_F(QmailLspawn, AReaderThatIsGoneStopsNoDelivery)
{
    stand_in("while [ ! -e " + (home / "go") + " ]; do sleep 0.01; done; echo done >" +
             (home / "delivered") + "\n");
    Pipe out = make_pipe();
    Launch started = launch();
    started.descriptors = {{1, out.writer.get()}};
    Process process(std::move(started));
    out.writer.reset();
    char first = 0;
    ASSERT_EQ(::read(out.reader.get(), &first, 1), 1);
    process.write(job(0, "joe@h"));
    out.reader.reset();
    home.write("go", "");
    EXPECT_EQ(process.wait()->code, 0);
    EXPECT_EQ(home.read("delivered"), "done\n");
}

TEST_F(QmailLspawn, OneThatClosesItsOutputHoldsUpNobody)
{
    stand_in("case $4 in joe-slow) exec >&- 2>&-; while [ ! -e " + (home / "go") +
             " ]; do sleep 0.01; done; exit 100;; esac; echo quick\n");
    Process process(launch());
    process.write(job(0, "joe-slow@h"));
    for (unsigned number = 1; number < 4; ++number) {
        process.write(job(number, "joe@h"));
        EXPECT_TRUE(
            process.wait_for_output(std::string(1, static_cast<char>(number)) + "Kquick\n"));
    }
    home.write("go", "");
    EXPECT_EQ(process.wait()->code, 0);
    EXPECT_EQ(read(process.output()).at(0), "D");
}

TEST_F(QmailLspawn, AKilledDeliveryIsTriedAgain)
{
    stand_in("kill -9 $$\n");
    EXPECT_EQ(report_on("joe@h"), "Zqmail-local crashed.\n");
}

TEST_F(QmailLspawn, WithoutDescriptorsMessagesWait)
{
    stand_in("exit 0\n");
    Launch started = launch();
    started.argv.insert(started.argv.begin(),
                        {"/bin/sh", "-c", "ulimit -n 7 && exec \"$@\"", "sh"});
    const auto done = run(std::move(started), job(0, "joe@h"));
    EXPECT_EQ(done.ending.code, 0) << done.errors;
    EXPECT_EQ(read(done.output).at(0).front(), 'Z') << done.output;
}

TEST_F(QmailLspawn, ANewTableCountsFromTheNextDelivery)
{
    stand_in("echo \"$2 $4\"\n");
    Process process(launch());
    process.write(job(0, "ann@h"));
    EXPECT_TRUE(process.wait_for_output("Kalias ann\n"));
    home.user("ann");
    process.write(job(1, "ann@h"));
    EXPECT_TRUE(process.wait_for_output("Kann ann\n"));
    home.write("users/cdb.new", "no table");
    ASSERT_EQ(::rename((home / "users/cdb.new").c_str(), (home / "users/cdb").c_str()), 0);
    process.write(job(2, "ann@h"));
    EXPECT_TRUE(process.wait_for_output("ZTrouble reading users/cdb in qmail-lspawn.\n"));
    ASSERT_EQ(::unlink((home / "users/cdb").c_str()), 0);
    process.write(job(3, "ann@h"));
    EXPECT_TRUE(process.wait_for_output("\3Kalias ann\n"));
    EXPECT_EQ(process.wait()->code, 0);
}

TEST_F(QmailLspawn, WithoutItsArgumentItSaysNothing)
{
    Launch started = launch();
    started.argv.pop_back();
    const auto done = run(std::move(started));
    EXPECT_EQ(done.ending.code, 100);
    EXPECT_EQ(done.output, "");
}

TEST_F(QmailLspawn, QmailLocalItselfDeliversByIt)
{
    Launch started = launch();
    started.environment = home.environment();
    started.argv.back() = "./Maildir/";
    const auto done = run(std::move(started), job(0, "joe@here.example"));
    EXPECT_EQ(read(done.output).at(0), "Kdid 1+0+0\n") << done.output;
}

}
