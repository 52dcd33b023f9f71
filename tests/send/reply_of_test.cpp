// Reports of spawners as SMTP replies, and the record that keeps one.
#include "send/reply_of.hpp"

#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

using hooks::Response;

struct Row {
    char letter;
    std::string_view report;
    Response reply;
};

TEST(ReplyOf, ReportsAsAnSmtpReply)
{
    const Row rows[] = {
        {'K',
         "192.0.2.1 accepted message.\nRemote host said: 250 2.0.0 ok 17\n",
         {250, "2.0.0", "ok 17"}},
        {'D',
         "Connected to 192.0.2.1 but sender was rejected.\nRemote host said: 550 no\n",
         {550, std::nullopt, "no"}},
        {'Z',
         "192.0.2.1 does not like recipient.\nRemote host said: 450-4.2.1 full\n450 4.2.1 wait\n"
         "Giving up on 192.0.2.1.\n",
         {450, "4.2.1", "full wait"}},
        {'Z',
         "Remote host said: 451 5.7.1 of another class",
         {451, std::nullopt, "5.7.1 of another class"}},
        {'Z',
         "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n",
         {451, "4.4.1", "Sorry, I wasn't able to establish an SMTP connection."}},
        {'D',
         "Sorry, no mailbox here by that name. (#5.1.1)\n",
         {550, "5.1.1", "Sorry, no mailbox here by that name."}},
        {'K', "did 1+0+0/\n", {250, "2.0.0", "did 1+0+0/"}},
        {'D', "gone\nfor good\n", {554, "5.0.0", "gone for good"}},
        {'Z', "later (#5.1.1)", {451, "4.0.0", "later (#5.1.1)"}},
        {'Z', "Remote host said: gibberish", {451, "4.0.0", "Remote host said: gibberish"}},
        {'x', "", {451, "4.0.0", ""}},
    };
    for (const auto& [letter, report, reply] : rows)
        EXPECT_EQ(reply_of(letter, report), reply) << report;
}

TEST(ReplyOf, IsCutInARecordAndReadAgain)
{
    const Response reply{451, "4.7.1", std::string(2000, 'x')};
    const auto record = encode_reply(reply);
    EXPECT_EQ(record.size(), 10u + 900);
    EXPECT_EQ(decode_reply(record), (Response{451, "4.7.1", std::string(900, 'x')}));
    EXPECT_EQ(decode_reply("550 gone"), (Response{550, std::nullopt, "gone"}));
    for (const auto* bad : {"", "451", "99 x", "600 x", "4511 x", "abc x"})
        EXPECT_FALSE(decode_reply(bad)) << bad;
}

}
}
