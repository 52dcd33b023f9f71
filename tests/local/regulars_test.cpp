// Processes of qmail-lspawn that stay for the next message to an address: nobody may see that.
#include "local/lspawn.hpp"
#include "local/regular.hpp"
#include "support/production.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <vector>

namespace grapnel::test {

namespace {

namespace fs = std::filesystem;

constexpr const char* to_a_maildir = "Kdid 1+0+0\n";

// Who delivered each file: it is in its name.
std::multiset<pid_t> deliverers(const std::string& maildir)
{
    std::multiset<pid_t> result;
    for (const auto& entry : fs::directory_iterator(maildir + "/new")) {
        const std::string name = entry.path().filename();
        result.insert(std::stoi(name.substr(name.find('P') + 1)));
    }
    return result;
}

// Delivers until a process has delivered twice, and returns its number.
pid_t become_regular(Lspawn& lspawn, const std::string& local, const std::string& maildir)
{
    pid_t found = 0;
    EXPECT_TRUE(wait_until([&] {
        EXPECT_EQ(lspawn.deliver(local), to_a_maildir);
        const auto all = deliverers(maildir);
        for (const pid_t one : all)
            if (all.count(one) > 1) found = one;
        return found != 0;
    }));
    return found;
}

std::string children(pid_t parent)
{
    const auto pid = std::to_string(parent);
    return slurp("/proc/" + pid + "/task/" + pid + "/children");
}

class Regulars : public testing::Test {
protected:
    Regulars() : joes(home.user("joe")), maildir(joes + "/Maildir")
    {
        home.write("queue/mess/1/4", "Subject: x\n\nhi\n");
    }

    Launch launch() const
    {
        return {.argv = {home.program("qmail-lspawn"), "./Maildir/"},
                .environment = home.environment()};
    }
    std::size_t delivered() const { return deliverers(maildir).size(); }

    TempHome home;
    const std::string joes, maildir;
};

}

TEST(RegularWire, SaysWhatWasSaid)
{
    for (const auto& job :
         {local::RegularJob{"s@far.example", ""}, local::RegularJob{"", "ret=hdrs"}})
        EXPECT_EQ(local::decode_regular_job(encode(job)).value(), job);
    for (const auto& reply : {local::RegularReply{}, local::RegularReply{0, "did 1+0+0\n"},
                              local::RegularReply{111, "Unable.\n"}})
        EXPECT_EQ(local::decode_regular_reply(encode(reply)).value(), reply);
}

TEST(RegularWire, NonsenseIsNoReply)
{
    using namespace std::literals;
    for (const auto text : {""sv, "0"sv, "x\0"sv, "256\0"sv, "-1\0"sv, " 0\0"sv})
        EXPECT_FALSE(local::decode_regular_reply(text)) << text;
    EXPECT_FALSE(local::decode_regular_job("s@far.example"));
}

TEST_F(Regulars, AProcessDeliversMoreThanOneMessageEachInAFileOfItsOwn)
{
    Lspawn lspawn(launch());
    become_regular(lspawn, "joe", maildir);
    const auto before = delivered();
    EXPECT_EQ(lspawn.deliver("joe", "other@far.example"), to_a_maildir);
    EXPECT_EQ(delivered(), before + 1);
    std::map<std::string, int> contents;
    for (const auto& entry : fs::directory_iterator(maildir + "/new"))
        ++contents[slurp(entry.path())];
    const std::string rest = "Delivered-To: joe@here\nSubject: x\n\nhi\n";
    EXPECT_EQ(contents["Return-Path: <other@far.example>\n" + rest], 1);
    EXPECT_EQ(contents["Return-Path: <s@far.example>\n" + rest], static_cast<int>(before));
    EXPECT_EQ(lspawn.finish(), 0);
}

TEST_F(Regulars, NothingStaysForLong)
{
    Lspawn lspawn(launch());
    become_regular(lspawn, "joe", maildir);
    EXPECT_TRUE(wait_until([&] { return children(lspawn.pid()).empty(); }));
    EXPECT_EQ(lspawn.deliver("joe"), to_a_maildir);
    EXPECT_EQ(lspawn.finish(), 0);
}

TEST_F(Regulars, TheyEndWithQmailLspawn)
{
    Lspawn lspawn(launch());
    const pid_t one = become_regular(lspawn, "joe", maildir);
    EXPECT_EQ(lspawn.finish(), 0);
    EXPECT_EQ(::kill(one, 0), -1);
}

TEST_F(Regulars, OtherInstructionsCountWithTheNextMessage)
{
    Lspawn lspawn(launch());
    become_regular(lspawn, "joe", maildir);
    const auto before = delivered();
    spill(joes + "/.qmail", "|echo $SENDER $RECIPIENT\n");
    EXPECT_EQ(lspawn.deliver("joe"), "Ks@far.example joe@here\ndid 0+0+1\n");
    spill(joes + "/.qmail", "./box\n");
    EXPECT_EQ(lspawn.deliver("joe"), to_a_maildir);
    EXPECT_EQ(delivered(), before);
    spill(joes + "/.qmail", "./Maildir/\n");
    EXPECT_EQ(lspawn.deliver("joe"), to_a_maildir);
    EXPECT_EQ(delivered(), before + 1);
}

TEST_F(Regulars, AnotherUserCountsWithTheNextMessage)
{
    Lspawn lspawn(launch());
    become_regular(lspawn, "joe", maildir);
    const auto before = delivered();
    const std::string anns = home.user("ann");   // the table is made anew, from this
    std::string assign = home.read("users/assign");
    for (auto at = assign.find(joes); at != std::string::npos; at = assign.find(joes))
        assign.replace(at, joes.size(), anns);
    home.write("users/assign", assign);
    const auto made =
        run({.argv = {home.program("qmail-newu")}, .environment = home.environment()});
    ASSERT_EQ(made.ending.code, 0) << made.errors;
    EXPECT_EQ(lspawn.deliver("joe"), to_a_maildir);
    EXPECT_EQ(delivered(), before);
    EXPECT_EQ(deliverers(anns + "/Maildir").size(), 1u);
}

TEST_F(Regulars, AnotherHomeCountsWithTheNextMessage)
{
    Lspawn lspawn(launch());
    become_regular(lspawn, "joe", maildir);
    const auto before = delivered();
    fs::rename(joes, joes + ".old");
    fs::create_directory(joes);
    EXPECT_EQ(lspawn.deliver("joe").substr(0, 1), "Z");
    for (const auto* part : {"", "/tmp", "/new", "/cur"}) fs::create_directory(maildir + part);
    EXPECT_EQ(lspawn.deliver("joe"), to_a_maildir);
    EXPECT_EQ(delivered(), 1u);
    EXPECT_EQ(deliverers(joes + ".old/Maildir").size(), before);
}

TEST_F(Regulars, AFailureIsToldAsEver)
{
    Lspawn lspawn(launch());
    fs::rename(maildir, joes + "/away");
    const auto ever = lspawn.deliver("joe");
    EXPECT_EQ(ever.substr(0, 1), "Z");
    fs::rename(joes + "/away", maildir);
    become_regular(lspawn, "joe", maildir);
    fs::rename(maildir, joes + "/away");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(lspawn.deliver("joe"), ever);
    fs::rename(joes + "/away", maildir);
    EXPECT_EQ(lspawn.deliver("joe"), to_a_maildir);
}

TEST_F(Regulars, OneThatWasKilledIsMissedByNobody)
{
    Lspawn lspawn(launch());
    for (int i = 0; i < 3; ++i) {
        ::kill(become_regular(lspawn, "joe", maildir), SIGKILL);
        fs::remove_all(maildir + "/new");
        fs::create_directory(maildir + "/new");
        // It may be given the message before qmail-lspawn has seen its end.
        const auto said = lspawn.deliver("joe");
        EXPECT_TRUE(said == to_a_maildir || said == "Zqmail-local crashed.\n") << said;
    }
    EXPECT_EQ(lspawn.deliver("joe"), to_a_maildir);
    EXPECT_EQ(lspawn.finish(), 0);
}

TEST_F(Regulars, ManyAtOnceAllArrive)
{
    Lspawn lspawn(launch());
    become_regular(lspawn, "joe", maildir);
    const auto before = delivered();
    for (unsigned number = 0; number < 110; ++number) lspawn.ask(number, "joe");
    EXPECT_EQ(lspawn.finish(), 0);
    EXPECT_EQ(delivered(), before + 110);
}

TEST(RegularsAsRoot, EachIsItsUserWithNothingOfRootsOpen)
{
    if (const auto why = Production::unavailable()) GTEST_SKIP() << *why;
    Production production({"qmail-lspawn", "qmail-getpw", "qmail-local"});
    spill(production / "queue/mess/1/4", "Subject: x\n\nhi\n", 0644);
    ASSERT_EQ(::chown((production / "queue/mess/1/4").c_str(), Production::uid_of("qmailq"), 0), 0);
    Lspawn lspawn(production.inside({.argv = {"qmail-lspawn", "./Maildir/"}}));
    for (const auto& user : {std::pair("joe", 62001u), std::pair("ann", 62002u)}) {
        const char* const name = user.first;
        const unsigned uid = user.second;
        const std::string maildir = production.add_user(name, uid).home + "/Maildir";
        for (const auto* part : {"", "/tmp", "/new", "/cur"}) {
            fs::create_directory(maildir + part);
            ASSERT_EQ(::chown((maildir + part).c_str(), uid, uid), 0);
        }
        std::string ids;   // of one that is still there
        std::vector<std::string> open;
        ASSERT_TRUE(wait_until([&] {
            const auto at = "/proc/" + std::to_string(become_regular(lspawn, name, maildir));
            ids = slurp(at + "/status");
            std::error_code gone;
            open.clear();
            for (const auto& entry : fs::directory_iterator(at + "/fd", gone))
                open.push_back(fs::read_symlink(entry.path(), gone));
            if (ids.find("Uid:") != std::string::npos && open.size() > 3 && !gone) return true;
            fs::remove_all(maildir + "/new");
            fs::create_directory(maildir + "/new");
            return ::chown((maildir + "/new").c_str(), uid, uid) != 0;
        }));
        const auto own = std::to_string(uid);
        EXPECT_NE(ids.find("Uid:\t" + own + '\t' + own + '\t' + own + '\t' + own),
                  std::string::npos)
            << ids;
        EXPECT_NE(ids.find("Groups:\t" + own + " \n"), std::string::npos) << ids;
        for (const auto& one : open)
            EXPECT_TRUE(one == "/dev/null" || one.starts_with("socket:")) << one;
        EXPECT_EQ(std::count_if(open.begin(), open.end(),
                                [](const auto& one) { return one.starts_with("socket:"); }),
                  1);
        for (const auto& entry : fs::directory_iterator(maildir + "/new")) {
            struct stat file {};
            ASSERT_EQ(::stat(entry.path().c_str(), &file), 0);
            EXPECT_EQ(file.st_uid, uid);
        }
    }
    EXPECT_EQ(lspawn.finish(), 0);
}

}
