// The records that qmail-send keeps about recipients, both ways.
#include "send/recipient_state.hpp"
#include "send/sorted.hpp"

#include <gtest/gtest.h>

namespace grapnel::send {
namespace {

constexpr auto local = queue::Channel::local, remote = queue::Channel::remote;

TEST(RecipientState, IsWrittenAndReadAgain)
{
    const RecipientState state{3, hooks::Response{451, "4.7.1", "try later"}, 1'800'000'000, never,
                               "bob@far.example"};
    Extensions records;
    records.set("notify", "DELAY");
    write_state(records, state);
    EXPECT_EQ(*records.find("last"), "451 4.7.1 try later");
    EXPECT_EQ(*records.find("next-dsn"), "never");
    EXPECT_EQ(read_state(records), state);
    write_state(records, {});
    EXPECT_EQ(records.records().size(), 1u) << "what is not known has no record";
    EXPECT_EQ(read_state(records), RecipientState{});
}

TEST(RecipientState, SenselessRecordsSayNothing)
{
    Extensions records;
    for (const auto* name : {"attempts", "last", "next", "next-dsn"}) records.set(name, "soon");
    EXPECT_EQ(read_state(records), RecipientState{});
    records.set("next", "18446744073709551615");
    EXPECT_EQ(read_state(records).next, 253402300799);
}

TEST(RecipientState, StaysWithinWhatARecipientMayHave)
{
    Extensions records;
    records.set("orcpt", std::string(1000, '\n'));   // three octets each
    write_state(
        records,
        {1, hooks::Response{550, "5.1.1", std::string(900, '\n')}, {}, {}, std::string(2000, 'x')});
    EXPECT_TRUE(records.within(recipient_extension_limits));
    EXPECT_EQ(*records.find("last"), "550 5.1.1 ");
    EXPECT_FALSE(records.find("failed"));
    EXPECT_TRUE(records.find("orcpt"));
}

TEST(RecipientState, WhoIsPutOffIsFoundByHisPlace)
{
    queue::Info info{"s@a.example", {}, {}, 0};
    info.recipients[{local, 1}].set("next", "2000");
    info.recipients[{remote, 1}].set("next", "3000");
    info.recipients[{remote, 4}].set("notify", "NEVER");
    EXPECT_EQ(put_off(info, remote), (std::map<std::size_t, std::time_t>{{1, 3000}}));
}

TEST(RecipientState, LifeEndsWithTheLifetimeUnlessARecordSaysOtherwise)
{
    queue::Info info{"s@a.example", {}, {}, 0};
    EXPECT_EQ(end_of_life(info, 100, 604800), 604900);
    EXPECT_GT(end_of_life(info, 100, ~std::uint64_t{0}), 200'000'000'000);
    info.message.set("expires", "4000");
    EXPECT_EQ(end_of_life(info, 100, 604800), 4000);
}

TEST(RecipientState, SubmittersCannotGiveIt)
{
    RoutingTables tables;
    queue::Todo todo{1, 7, "s@a.example", {"bob@far.example"}, {}, 0};
    todo.extensions.message.set("id", "abc");
    todo.extensions.message.set("expires", "9999999999");
    todo.extensions.message.set("silent", "1");
    todo.extensions.recipients[0].set("next", "9999999999");
    const auto sorted = sort_recipients(tables, std::move(todo));
    EXPECT_EQ(queue::encode(sorted.info), std::string("Fs@a.example\0id=abc\0", 20));
}

TEST(RecipientState, OwnRecordsAreToldFromWhatCameWithTheMessage)
{
    queue::Info came{"s@a.example", {}, {}, 0};
    came.message.set("id", "abc");
    came.recipients[{local, 0}].set("notify", "DELAY");
    auto now = came;
    make_silent(now);
    write_state(now.recipients[{local, 0}], {2, {}, 5, {}, {}});
    write_state(now.recipients[{local, 7}], {1, {}, {}, {}, {}});
    EXPECT_TRUE(is_silent(now));
    EXPECT_EQ(without_own_records(now), came);
}

}
}
