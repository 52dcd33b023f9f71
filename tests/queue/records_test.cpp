#include "queue/records.hpp"

#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::queue;
using namespace std::string_literals;

namespace {

Todo sample()
{
    Todo todo{1001, 4711, "a@b", {"c@d", "", "e@f"}};
    todo.extensions.message.set("id", "019ac3f2");
    todo.extensions.message.set("ret", "HDRS");
    todo.extensions.recipients[2].set("notify", "DELAY");
    todo.extensions.recipients[2].set("orcpt", "rfc822;e+2Bx@f");
    return todo;
}

}

TEST(Todo, IsReadBackAsItWasWritten)
{
    const auto bytes = encode(sample());
    EXPECT_EQ(bytes, "u1001\0p4711\0p4711 id=019ac3f2 ret=HDRS\0Fa@b\0Tc@d\0T\0Te@f\0"
                     "p4711 notify=DELAY orcpt=rfc822;e+2Bx@f\0"s);
    EXPECT_EQ(*decode_todo(bytes), sample());
}

TEST(Todo, WithoutExtensionsHasQmailsBytes)
{
    EXPECT_EQ(encode(Todo{7, 8, "", {"x"}}), "u7\0p8\0F\0Tx\0"s);
}

TEST(Todo, ReadsWhatQmailWouldRead)
{
    EXPECT_EQ(*decode_todo("Fa\0Tb\0"s), (Todo{0, 0, "a", {"b"}}));
    EXPECT_EQ(*decode_todo("u1x\0p2y z=1\0u3\0Fa\0"s), (Todo{3, 2, "a", {}}));
    EXPECT_EQ(decode_todo("Fa\0Fb\0Tc\0"s)->sender, "a");
    EXPECT_EQ(decode_todo("Fa\0Tb\0Tcut"s)->recipients, std::vector<std::string>{"b"});
    EXPECT_EQ(decode_todo("Ta\0Fb\0"s)->recipients, std::vector<std::string>{"a"});
}

TEST(Todo, UnknownRecordsAndMissingSendersAreLeftAlone)
{
    for (const auto& bad : {"Fa\0xb\0"s, "Fa\0\0"s, ""s, "u1\0p2\0"s, "Fcut"s})
        EXPECT_EQ(decode_todo(bad).error().retry, Retry::later) << bad;
}

TEST(Todo, OtherPeoplesTailsAreIgnored)
{
    const auto todo = decode_todo("u1\0p2\0p2;who=knows\0p2 a=1 BAD\0Fs\0Tr\0p2:x\0p2 b=2\0"s);
    ASSERT_TRUE(todo);
    EXPECT_EQ(encode_tail(todo->extensions.message), " a=1");
    EXPECT_EQ(encode_tail(todo->extensions.recipients.at(0)), " b=2");
    EXPECT_EQ(todo->skipped_records, 1u);
}

TEST(Todo, ARecordThatMustNotBeIgnoredLeavesTheMessageAlone)
{
    for (const auto& later :
         {"u1\0p2\0p2 a=1 !seal=x\0Fs\0Tr\0"s, "u1\0p2\0Fs\0Tr\0p2 !seal=x\0"s}) {
        const auto todo = decode_todo(later);
        ASSERT_FALSE(todo);
        EXPECT_EQ(todo.error().retry, Retry::later);
        EXPECT_EQ(todo.error().text, "extension record !seal is not known here");
    }
    EXPECT_TRUE(decode_todo("u1\0p2;!seal=x\0p2;!seal=x\0Fs\0Tr\0"s));   // somebody else's
}

TEST(Info, ARecordThatMustNotBeIgnoredLeavesTheMessageAlone)
{
    for (const auto& later : {"Fa\0!seal=x\0"s, "Fa\0r3:!seal=x\0"s})
        EXPECT_EQ(decode_info(later).error().text, "extension record !seal is not known here");
}

TEST(Info, IsReadBackAsItWasWritten)
{
    Info info{"a@b"};
    info.message.set("id", "019ac3f2");
    info.recipients[{Channel::remote, 1}].set("last", "451 4.7.1 try later");
    info.recipients[{Channel::local, 0}].set("notify", "NEVER");
    const auto bytes = encode(info);
    EXPECT_EQ(bytes, "Fa@b\0id=019ac3f2\0l0:notify=NEVER\0r1:last=451%204.7.1%20try%20later\0"s);
    EXPECT_EQ(*decode_info(bytes), info);
}

TEST(Info, ClassicOnesAndForeignBytes)
{
    EXPECT_EQ(decode_info("Fa\0"s)->sender, "a");
    const auto odd = decode_info("Fa\0what is this\0l1x:a=1\0local=1\0a=1\0cut"s);
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->skipped_records, 2u);
    EXPECT_EQ(encode_tail(odd->message), " local=1 a=1");
    for (const auto& bad : {""s, "Fa"s, "\0"s, "Ta\0"s}) EXPECT_FALSE(decode_info(bad)) << bad;
}

TEST(ChannelFile, KnowsWhereEachLetterIs)
{
    const auto file = decode_channel_file(encode_channel_record("a@b") +
                                          encode_channel_record("", true) + "Tcut");
    EXPECT_FALSE(file.unknown_record);
    ASSERT_EQ(file.records.size(), 2u);
    EXPECT_EQ(file.records[0].address, "a@b");
    EXPECT_FALSE(file.records[0].done);
    EXPECT_EQ(file.records[1].offset, 5u);
    EXPECT_TRUE(file.records[1].done);
}

TEST(ChannelFile, StopsAtAnUnknownLetter)
{
    const auto file = decode_channel_file("Ta\0Xb\0Tc\0"s);
    EXPECT_TRUE(file.unknown_record);
    EXPECT_EQ(file.records.size(), 1u);
    EXPECT_TRUE(decode_channel_file("\0"s).unknown_record);
    EXPECT_TRUE(decode_channel_file("").records.empty());
}
