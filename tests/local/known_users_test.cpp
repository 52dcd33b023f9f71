// What qmail-lspawn remembers of qmail-getpw's answers, and for how long: with a stand-in for
// qmail-local that says for whom it runs.
#include "base/sys/error.hpp"
#include "local/lspawn.hpp"
#include "queue/delivery.hpp"
#include "support/process.hpp"
#include "support/production.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace grapnel::test {

namespace {

namespace fs = std::filesystem;

// "-- USER HOME …": says USER.
constexpr const char* stand_in = "#!/bin/sh\necho \"$2\"\n";

class KnownUsers : public testing::Test {
protected:
    KnownUsers()
    {
        home.write("queue/mess/1/4", "Subject: x\n\nhi\n");
        home.write("stand-in", stand_in, 0755);
        make_home("joe");
        answer("joe");
    }

    void make_home(const std::string& name) { fs::create_directory(home / ("home-" + name)); }

    // What it answers from now on, without looking any different itself.
    void answer(const std::string& name)
    {
        const auto id = std::to_string(::getuid()), gid = std::to_string(::getgid());
        std::string record;
        for (const auto& field :
             {name, id, gid, home / ("home-" + name), std::string("-"), std::string("x")})
            record += field + '\0';
        home.write("answer.new", record);
        fs::rename(home / "answer.new", home / "answer");
        if (!fs::is_symlink(home / "bin/qmail-getpw")) return;
        install("");
    }

    // bin/qmail-getpw: a script, with these lines before it answers.
    void install(const std::string& lines)
    {
        home.write("getpw.new",
                   "#!/bin/sh\necho \"$1\" >>" + (home / "asked") + "\n" + lines + "cat " +
                       (home / "answer") + "\n",
                   0755);
        fs::rename(home / "getpw.new", home / "bin/qmail-getpw");
    }

    std::ptrdiff_t times_asked() const
    {
        const auto all = home.read("asked");
        return std::count(all.begin(), all.end(), '\n');
    }

    Launch launch() const
    {
        return {.argv = {home.program("qmail-lspawn"), "./Mailbox"},
                .environment = home.environment({"QMAILLOCAL=" + (home / "stand-in")})};
    }

    TempHome home;
};

}

TEST_F(KnownUsers, ABurstToOneAddressAsksSeldom)
{
    Lspawn lspawn(launch());
    for (int i = 0; i < 60; ++i) ASSERT_EQ(lspawn.deliver("joe-x"), "Kjoe\n");
    EXPECT_GE(times_asked(), 1);
    EXPECT_LT(times_asked(), 30);
    EXPECT_EQ(lspawn.finish(), 0);
}

TEST_F(KnownUsers, EachAddressIsAskedForItself)
{
    Lspawn lspawn(launch());
    for (const auto* local : {"joe", "joe-x", "Joe-x", "joe-X"}) lspawn.deliver(local);
    EXPECT_EQ(home.read("asked"), "joe\njoe-x\nJoe-x\njoe-X\n");
}

TEST_F(KnownUsers, AnotherAnswerCountsBeforeLong)
{
    make_home("ann");
    Lspawn lspawn(launch());
    EXPECT_EQ(lspawn.deliver("joe-x"), "Kjoe\n");
    answer("ann");
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(wait_until([&] { return lspawn.deliver("joe-x") == "Kann\n"; }));
    EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(10));
}

TEST_F(KnownUsers, AnotherQmailGetpwCountsAtOnce)
{
    make_home("ann");
    Lspawn lspawn(launch());
    EXPECT_EQ(lspawn.deliver("joe-x"), "Kjoe\n");
    answer("ann");
    install("");
    EXPECT_EQ(lspawn.deliver("joe-x"), "Kann\n");
}

TEST_F(KnownUsers, AHomeThatIsGoneIsAskedAboutAtOnce)
{
    make_home("alias");
    Lspawn lspawn(launch());
    EXPECT_EQ(lspawn.deliver("joe-x"), "Kjoe\n");
    answer("alias");
    fs::remove(home / "home-joe");
    EXPECT_EQ(lspawn.deliver("joe-x"), "Kalias\n");
}

TEST_F(KnownUsers, AHomeOfAnotherOwnerIsAskedAboutAtOnce)
{
    if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a directory away";
    make_home("alias");
    Lspawn lspawn(launch());
    EXPECT_EQ(lspawn.deliver("joe-x"), "Kjoe\n");
    answer("alias");
    ASSERT_EQ(::chown((home / "home-joe").c_str(), 65534, 65534), 0);
    EXPECT_EQ(lspawn.deliver("joe-x"), "Kalias\n");
}

TEST_F(KnownUsers, AFailureIsNotRemembered)
{
    install("[ ! -e " + (home / "trouble") + " ] || exit 115\n");
    home.write("trouble", "");
    Lspawn lspawn(launch());
    EXPECT_EQ(lspawn.deliver("joe-x"), "ZNFS failure in qmail-local.\n");
    fs::remove(home / "trouble");
    EXPECT_EQ(lspawn.deliver("joe-x"), "Kjoe\n");
    EXPECT_EQ(times_asked(), 2);
}

TEST_F(KnownUsers, NonsenseIsNotRemembered)
{
    home.write("answer", "joe");
    install("");
    Lspawn lspawn(launch());
    EXPECT_EQ(lspawn.deliver("joe-x"), "ZInternal qmail-lspawn bug.\n");
    answer("joe");
    EXPECT_EQ(lspawn.deliver("joe-x"), "Kjoe\n");
}

TEST_F(KnownUsers, OneQuestionThatHangsHoldsUpNobodyElse)
{
    install("case $1 in slow) while [ ! -e " + (home / "go") + " ]; do sleep 0.01; done;; esac\n");
    Lspawn lspawn(launch());
    lspawn.ask(110, "slow");
    for (int i = 0; i < 5; ++i) ASSERT_EQ(lspawn.deliver("joe-" + std::to_string(i)), "Kjoe\n");
    home.write("go", "");
    EXPECT_TRUE(lspawn.wait_for_output("nKjoe\n"));   // 110
    EXPECT_EQ(lspawn.finish(), 0);
}

TEST_F(KnownUsers, ManyAtOnceAllArrive)
{
    std::string input;
    for (unsigned number = 0; number < 100; ++number)
        input += queue::encode(
            queue::Job{number, "1/4", "s@far.example", "joe-" + std::to_string(number) + "@here"});
    const auto done = run(launch(), input);
    EXPECT_EQ(done.ending.code, 0);
    queue::ReportReader reader;
    std::string_view output = std::string_view(done.output).substr(1);
    int delivered = 0;
    while (const auto report = reader.take(output))
        delivered += report->letter == 'K' && report->text == "joe\n";
    EXPECT_EQ(delivered, 100);
}

// Among real users: who is made, who is removed and whose home is given away counts with the next
// message.
TEST(KnownUsersAsRoot, AccountsCountAsTheyAreNow)
{
    if (const auto why = Production::unavailable()) GTEST_SKIP() << *why;
    Production production({"qmail-lspawn", "qmail-getpw"});
    spill(production / "queue/mess/1/4", "Subject: x\n\nhi\n", 0644);
    ASSERT_EQ(::chown((production / "queue/mess/1/4").c_str(), Production::uid_of("qmailq"), 0), 0);
    fs::remove(production / "bin/qmail-local");
    spill(production / "bin/qmail-local", stand_in, 0755);
    Lspawn lspawn(production.inside({.argv = {"qmail-lspawn", "./Mailbox"}}));

    EXPECT_EQ(lspawn.deliver("joe"), "Kalias\n");
    const std::string joes = production.add_user("joe", 62001).home;
    EXPECT_EQ(lspawn.deliver("joe"), "Kjoe\n");
    ASSERT_EQ(::chown(joes.c_str(), 0, 0), 0);
    EXPECT_EQ(lspawn.deliver("joe"), "Kalias\n");
    ASSERT_EQ(::chown(joes.c_str(), 62001, 62001), 0);   // seen only by qmail-getpw
    EXPECT_TRUE(wait_until([&] { return lspawn.deliver("joe") == "Kjoe\n"; }));
    production.forget_users();
    EXPECT_EQ(lspawn.deliver("joe"), "Kalias\n");
    production.add_account("joe", 0, joes);
    EXPECT_EQ(lspawn.deliver("joe"), "Kalias\n");
    EXPECT_EQ(lspawn.finish(), 0);
}

// qmail-lspawn runs the code of our own qmail-local without starting it: nobody may see that.
TEST(OwnCode, AnotherQmailLocalIsExecutedFromTheNextDelivery)
{
    TempHome home;
    const std::string joes = home.user("joe");
    home.write("queue/mess/1/4", "Subject: x\n\nhi\n");
    Lspawn lspawn(
        {.argv = {home.program("qmail-lspawn"), "./Maildir/"}, .environment = home.environment()});
    EXPECT_EQ(lspawn.deliver("joe"), "Kdid 1+0+0\n");
    const std::string program = home / "bin/qmail-local";
    const auto ours = fs::canonical(program);
    home.write("another", stand_in, 0755);
    fs::rename(home / "another", program);
    EXPECT_EQ(lspawn.deliver("joe"), "Kjoe\n");
    fs::remove(program);
    EXPECT_EQ(lspawn.deliver("joe"), "DUnable to run qmail-local.\n");
    fs::create_symlink(ours, program);
    EXPECT_EQ(lspawn.deliver("joe"), "Kdid 1+0+0\n");
    EXPECT_EQ(std::distance(fs::directory_iterator(joes + "/Maildir/new"), {}), 2);
    EXPECT_EQ(lspawn.finish(), 0);
}

TEST(OwnCode, RunsAsTheUserWithNothingOfRootsOpen)
{
    if (const auto why = Production::unavailable()) GTEST_SKIP() << *why;
    Production production({"qmail-lspawn", "qmail-getpw", "qmail-local"});
    spill(production / "queue/mess/1/4", "Subject: x\n\nhi\n", 0644);
    ASSERT_EQ(::chown((production / "queue/mess/1/4").c_str(), Production::uid_of("qmailq"), 0), 0);
    const std::string joes = production.add_user("joe", 62001).home;
    spill(joes + "/.qmail",
          "./box\n|id -u >who; id -G >>who; ls /proc/self/fd >descriptors; cat /proc/$PPID/comm "
          ">name\n"
          "|kill -9 $PPID\n",
          0644);
    Lspawn lspawn(production.inside({.argv = {"qmail-lspawn", "./Mailbox"}}));
    EXPECT_EQ(lspawn.deliver("joe"), "Zqmail-local crashed.\n");
    struct stat box {};
    ASSERT_EQ(::stat((joes + "/box").c_str(), &box), 0);
    EXPECT_EQ(box.st_uid, 62001u);
    EXPECT_EQ(box.st_mode & 0777, 0600u);
    EXPECT_EQ(slurp(joes + "/who"), "62001\n62001\n");
    EXPECT_EQ(slurp(joes + "/descriptors"), "0\n1\n2\n3\n");   // 3 is ls's own
    EXPECT_EQ(slurp(joes + "/name"), "qmail-local\n");
    fs::permissions(production / "bin/qmail-local", fs::perms(0700));   // for root alone
    EXPECT_EQ(lspawn.deliver("joe"), "DUnable to run qmail-local.\n");
    EXPECT_EQ(lspawn.finish(), 0);
}

}
