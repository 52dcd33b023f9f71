// The built qmail-send: mail for a domain is tried now because its host asks for it (ETRN).
#include "send/sending.hpp"

#include "base/sys/file.hpp"
#include "base/sys/local_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <set>

namespace grapnel::test {
namespace {

using testing::HasSubstr;
constexpr auto remote = Channel::remote;

struct Hasten : testing::Test {
    TempHome home;
    const std::time_t now = std::time(nullptr);

    MessageNumber lay(std::string recipients, std::string info = "Fs@a.example|")
    {
        return lay_sorted(home, zeros(std::move(info)), "", zeros(std::move(recipients)),
                          now - 1000, now + 3600);
    }
    std::string path() const { return home / "run/send/hasten"; }
    // One line of it, whole; "" where it hangs up.
    std::string ask(std::string_view line) const
    {
        std::optional<Fd> socket;
        wait_until([&] { return (socket = connect_locally(path())).has_value(); });
        if (!socket) return "(nobody)";
        ::fcntl(socket->get(), F_SETFL, 0);
        write_all(socket->get(), std::string(line) + '\n', "qmail-send");
        return read_all(socket->get(), 1000, "qmail-send");
    }
    static std::set<std::string> recipients(Sending& send, std::size_t count)
    {
        std::set<std::string> found;
        while (found.size() < count) {
            const auto job = send.next_job(remote);
            if (!job) break;
            found.insert(job->recipient);
        }
        return found;
    }
};

TEST_F(Hasten, OnlyMailForThatDomainIsTried)
{
    lay("Tann@far.example|");
    lay("Tbob@a.far.example|");
    lay("Tcarl@other.example|Tdora@FAR.example|");
    lay("Deve@far.example|Tfred@other.example|");
    Sending send(home);
    EXPECT_EQ(ask("hasten far.example"), "done 2\n");
    EXPECT_EQ(recipients(send, 3),
              (std::set<std::string>{"ann@far.example", "carl@other.example", "dora@FAR.example"}));
    EXPECT_FALSE(send.next_job(remote, milliseconds(200)));
    EXPECT_THAT(send.lines_until("hasten ").back(), "hasten far.example: 2 messages");
}

TEST_F(Hasten, AnAtMeansAllBelowItToo)
{
    lay("Tann@far.example|");
    lay("Tbob@x.a.far.example|");
    lay("Tcarl@notfar.example|");
    Sending send(home);
    EXPECT_EQ(ask("hasten @far.example"), "done 2\n");
    EXPECT_EQ(recipients(send, 2),
              (std::set<std::string>{"ann@far.example", "bob@x.a.far.example"}));
    EXPECT_FALSE(send.next_job(remote, milliseconds(200)));
}

TEST_F(Hasten, NothingWaitingIsSaid)
{
    lay("Tann@other.example|");
    Sending send(home);
    EXPECT_EQ(ask("hasten far.example"), "done 0\n");
    EXPECT_FALSE(send.next_job(remote, milliseconds(200)));
}

TEST_F(Hasten, WhatIsHeldOrPutOffStaysSo)
{
    const auto later = std::to_string(now + 3600);
    lay("Tann@far.example|", "Fs@a.example|hold-until=" + later + '|');
    lay("Tbob@far.example|Tcarl@far.example|",
        "Fs@a.example|r0:next=" + later + "|r1:next=" + later + '|');
    lay("Tdora@far.example|");
    Sending send(home);
    EXPECT_EQ(ask("hasten far.example"), "done 1\n");
    EXPECT_EQ(recipients(send, 1), (std::set<std::string>{"dora@far.example"}));
    EXPECT_FALSE(send.next_job(remote, milliseconds(200)));
}

TEST_F(Hasten, WhoAsksAgainAtOnceStartsNothing)
{
    lay("Tann@far.example|");
    Sending send(home);
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(ask("hasten far.example"), "done 1\n");
    const auto again = ask("hasten far.example");
    if (std::chrono::steady_clock::now() - begun > seconds(8))
        GTEST_SKIP() << "skipped: that was not at once, on this machine";
    EXPECT_EQ(again, "begun 0\n");
}

TEST_F(Hasten, WhatWasDeferredAMomentAgoIsFound)
{
    Sending send(home);
    lay_message(home, "s@a.example", {"ann@far.example"});
    const auto job = send.next_job(remote);
    ASSERT_TRUE(job);
    send.report(remote, job->number, 'Z', "later");
    send.lines_until("delivery 1: deferral");
    EXPECT_EQ(ask("hasten far.example"), "done 1\n");
    EXPECT_TRUE(send.next_job(remote));
}

TEST_F(Hasten, WhatIsBeingTriedIsTriedOnceMoreShouldItFail)
{
    lay("Tann@far.example|Tbob@other.example|");
    Sending send(home);
    EXPECT_EQ(ask("hasten other.example"), "done 1\n");
    const auto first = send.next_job(remote), second = send.next_job(remote);
    ASSERT_TRUE(first && second);
    send.report(remote, first->number, 'Z', "later");
    EXPECT_EQ(ask("hasten far.example"), "done 1\n");
    EXPECT_FALSE(send.next_job(remote, milliseconds(200))) << "somebody there is still tried";
    send.report(remote, second->number, 'K', "ok");
    EXPECT_EQ(recipients(send, 1), (std::set<std::string>{"ann@far.example"}));
}

TEST_F(Hasten, ManyWaitAndItsMailIsFoundAmongThem)
{
    home.control("concurrencyremote", "200");
    for (int i = 0; i < 150; ++i) lay("Tx" + std::to_string(i) + "@other.example|");
    for (int i = 0; i < 150; ++i) lay("Tx" + std::to_string(i) + "@far.example|");
    Sending send(home, {.remote_limit = 200});
    EXPECT_EQ(ask("hasten far.example"), "done 150\n");
    const auto found = recipients(send, 150);
    EXPECT_EQ(found.size(), 150u);
    for (const auto& recipient : found) EXPECT_THAT(recipient, HasSubstr("@far.example"));
}

TEST_F(Hasten, WhatIsNoRequestStartsNothing)
{
    lay("Tann@far.example|");
    Sending send(home);
    for (const auto* line : {"", "far.example", "hasten", "hasten ", "hasten @", "hasten a b"})
        EXPECT_EQ(ask(line), "later\n") << line;
    EXPECT_EQ(ask("hasten " + std::string(400, 'x')), "later\n");
    EXPECT_FALSE(send.next_job(remote, milliseconds(200)));
    EXPECT_EQ(ask("hasten far.example"), "done 1\n");
}

TEST_F(Hasten, AHomeWithoutThePlaceHasNoSuchSocketAndAllElseWorks)
{
    ::rmdir((home / "run/send").c_str());
    lay_message(home, "s@a.example", {"ann@far.example"});
    Sending send(home);
    EXPECT_TRUE(send.next_job(remote));
    EXPECT_FALSE(connect_locally(path()));
}

}
}
