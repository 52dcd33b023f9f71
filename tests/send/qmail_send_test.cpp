// The built qmail-send, black box: log lines byte for byte, the queue's files, what spawners are
// told.
#include "send/sending.hpp"

#include "base/sys/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <ctime>

namespace grapnel::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
constexpr auto local = Channel::local, remote = Channel::remote;

std::string n_(MessageNumber n) { return std::to_string(n); }

struct QmailSend : testing::Test {
    TempHome home;
    QmailSend()
    {
        home.control("locals", "here.example");
        home.control("virtualdomains", "virt.example:virt\n.sub.example:sub\n");
    }
};

TEST_F(QmailSend, DeliversAndLogsWordForWord)
{
    const auto n = lay_message(home, "joe@a.example", {"ann@here.example", "bob@far.example"});
    Sending send(home);
    EXPECT_EQ(send.next_line(), "status: local 0/10 remote 0/20");
    EXPECT_EQ(send.next_line(), "new msg " + n_(n));
    EXPECT_EQ(send.next_line(),
              "info msg " + n_(n) + ": bytes 17 from <joe@a.example> qp 4711 uid 1001");
    EXPECT_EQ(send.next_line(), "starting delivery 1: msg " + n_(n) + " to local ann@here.example");
    EXPECT_EQ(send.next_line(), "status: local 1/10 remote 0/20");
    EXPECT_EQ(send.next_line(), "starting delivery 2: msg " + n_(n) + " to remote bob@far.example");
    EXPECT_EQ(send.next_line(), "status: local 1/10 remote 1/20");

    const auto job = send.next_job(local);
    ASSERT_TRUE(job);
    EXPECT_EQ(job->number, 0u);
    EXPECT_EQ(job->message, n_(n % 3) + '/' + n_(n));
    EXPECT_EQ(job->sender, "joe@a.example");
    EXPECT_EQ(job->recipient, "ann@here.example");
    ASSERT_TRUE(send.next_job(remote));
    send.report(local, 0, 'K', "did 1+0+0\n");
    EXPECT_EQ(send.next_line(), "delivery 1: success: did_1+0+0/");
    EXPECT_EQ(send.next_line(), "status: local 0/10 remote 1/20");
    EXPECT_FALSE(status_if_there(queue_path(home, "local", n)));
    send.report(remote, 0, 'K', "1.2.3.4 accepted message.\n50% ok");
    EXPECT_EQ(send.next_line(), "delivery 2: success: 1.2.3.4_accepted_message./50__ok");
    EXPECT_EQ(send.next_line(), "status: local 0/10 remote 0/20");
    EXPECT_EQ(send.next_line(), "end msg " + n_(n));
    EXPECT_TRUE(wait_until([&] { return home.queue_files().empty(); }));
    EXPECT_EQ(send.stop()->code, 0);
    EXPECT_EQ(send.next_line(), "status: exiting");
}

}
}
