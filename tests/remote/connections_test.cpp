// Messages to one host that share a connection.
#include "remote/rspawn_lab.hpp"

#include <gmock/gmock.h>

#include <filesystem>

using namespace grapnel::test;

namespace {

class Connections : public RspawnLab {
protected:
    static std::size_t count(const ScriptSession& session, std::string_view beginning)
    {
        return static_cast<std::size_t>(
            std::count_if(session.commands.begin(), session.commands.end(),
                          [&](const auto& command) { return command.starts_with(beginning); }));
    }
};

}

TEST_F(Connections, OfALoneMessageEndsAtOnce)
{
    const SmtpScript server;
    route_to(server);
    EXPECT_EQ(deliver(), accepted);
    ASSERT_TRUE(server.wait_for_sessions_ended(1));
    EXPECT_TRUE(server.sessions()[0].quit);
}

TEST_F(Connections, AreSharedByAStreamOfMessages)
{
    const SmtpScript server({.extensions = {"PIPELINING"}});
    route_to(server);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(deliver(), accepted);
    EXPECT_EQ(server.messages(), std::vector<std::string>(10, message));
    // The first could not know of the others.
    ASSERT_EQ(server.sessions().size(), 2u);
    EXPECT_EQ(count(server.sessions()[1], "EHLO"), 1u);
    EXPECT_EQ(count(server.sessions()[1], "MAIL"), 9u);
    // Nobody takes it any more: it is ended politely.
    ASSERT_TRUE(server.wait_for_sessions_ended(2));
    EXPECT_TRUE(server.sessions()[1].quit);
}

TEST_F(Connections, EndWithTheirWorker)
{
    const SmtpScript server;
    route_to(server);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(deliver(), accepted);
    process_->wait();
    ASSERT_TRUE(server.wait_for_sessions_ended(2));
    EXPECT_TRUE(server.sessions()[1].quit);
}

TEST_F(Connections, ThatTakeNoMoreCostNoMessage)
{
    for (const auto& [reply, after] : {std::pair("421 4.7.0 enough", After::cut),
                                       {"452 4.5.3 too many messages", After::go_on},
                                       {"", After::cut},
                                       {"", After::reset}}) {
        const SmtpScript server({ScriptBehaviour{},
                                 ScriptBehaviour{.rules = {{"MAIL FROM:<third@", reply, after}}},
                                 ScriptBehaviour{}});
        route_to(server);
        EXPECT_EQ(deliver("first@here.example"), accepted);
        EXPECT_EQ(deliver("second@here.example"), accepted);
        EXPECT_EQ(deliver("third@here.example"), accepted) << reply;
        ASSERT_EQ(server.sessions().size(), 3u) << reply;
        EXPECT_EQ(server.sessions()[1].messages.size(), 1u);
        EXPECT_EQ(server.sessions()[2].messages.size(), 1u);
        EXPECT_EQ(count(server.sessions()[2], "MAIL FROM:<third@"), 1u);
    }
}

TEST_F(Connections, AreNotSharedUnderAnotherName)
{
    const SmtpScript server;
    route_to(server);
    for (int i = 0; i < 3; ++i) deliver();
    home_.control("helohost", "other.example");
    EXPECT_EQ(deliver(), accepted);
    ASSERT_EQ(server.sessions().size(), 3u);
    EXPECT_EQ(server.sessions()[2].commands[0], "EHLO other.example");
}

TEST_F(Connections, AreNotKeptAfterARefusal)
{
    const SmtpScript server({.rules = {{".", "451 4.3.0 later"}}});
    route_to(server);
    for (int i = 0; i < 3; ++i) EXPECT_THAT(deliver(), testing::StartsWith("Z"));
    EXPECT_TRUE(server.wait_for_sessions_ended(3));
}

TEST_F(Connections, PostfixTakesManyMessagesOverFew)
{
    const std::string sink = PEERS "/usr/sbin/smtp-sink";
    if (!std::filesystem::exists(sink))
        GTEST_SKIP() << "skipped: no " << sink << " (scripts/peers build/peers)";
    const auto port = free_port();
    Launch launch{{sink}, {"LD_LIBRARY_PATH=" PEERS "/usr/lib/postfix"}};
    if (::geteuid() == 0) launch.argv.insert(launch.argv.end(), {"-u", "nobody"});
    launch.argv.insert(launch.argv.end(), {"127.0.0.1:" + std::to_string(port), "50"});
    Process peer(launch);
    connect_to(port, patience);
    home_.control("smtproutes", ":127.0.0.1:" + std::to_string(port));
    for (int round = 0; round < 20; ++round) {
        for (unsigned number = 0; number < 20; ++number) ask(number);
        for (const auto& report : reports()) ASSERT_EQ(report.letter, 'K') << report.text;
    }
    EXPECT_EQ(asked_, 400u);
}
