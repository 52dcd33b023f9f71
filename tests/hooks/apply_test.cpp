#include "hooks/answers.hpp"
#include "hooks/values/base64.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace grapnel::hooks;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Verdict = Applied::Verdict;

namespace {

// mta-hooks section 22.
TEST(WorkedEdits, AddsComeFirstAndDeletesCountAfterThem)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(
        R"({"add":[{"path":"/message/headers","value":{"name":"X-Spam","value":"Yes"},"index":0}],
            "delete":[{"path":"/message/headers/6"},{"path":"/message/headers/4"}]})");
    EXPECT_THAT(applied.failed, IsEmpty());
    EXPECT_EQ(applied.applied, 3U);
    EXPECT_EQ(text_of(*applied.message),
              "X-Spam: Yes\r\n"
              "Received: from a by b; Sun, 22 Nov 2026 08:00:00 +0000\r\n"
              "DKIM-Signature: v=1; d=example.org; h=From:Subject; c=simple/simple; bh=x; b=y\r\n"
              "From: Ana <ana@example.org>\r\n"
              "Subject: hello\r\n"
              "\r\n"
              "Body, as it is.\r\n");
}

TEST(WorkedEdits, WhatFailsFailsAlone)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(
        R"({"set":[{"path":"/message/headers/77/value","value":"x"},{"path":"/action","value":"quarantine"}],
            "add":[{"path":"/message/headers","value":{"name":"X-A","value":"1\r\nBcc: e@x"}}]})");
    EXPECT_EQ(applied.verdict, Verdict::done);
    EXPECT_THAT(paths(applied), ElementsAre("/message/headers/77/value", "/message/headers"));
    EXPECT_EQ(applied.facts.action, Action::quarantine);
    EXPECT_FALSE(applied.message->changed());
    for (const auto& edit : applied.failed)
        EXPECT_THAT(edit.reason, testing::Not(HasSubstr("Bcc")));
}

TEST(WorkedEdits, OutOfScopeNothingIsDone)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(
        R"({"set":[{"path":"/client/ip","value":"::1"},{"path":"/action","value":"quarantine"}]})");
    EXPECT_EQ(applied.verdict, Verdict::malformed);
    EXPECT_EQ(applied.why, "it may not change /client/ip");
}

// C42, C12.
TEST(Scope, IsWhatTheAgreementSays)
{
    Answering at_data(Stage::data);
    at_data.may_change = {"/action", "/response", "/message/headers", "/message/subject"};
    for (const auto* const path :
         {"/rawMessage", "/message", "/envelope/to", "/message/bodyValues/1/value", "/messages", "",
          "/message/header"})
        EXPECT_EQ(
            at_data(R"({"set":[{"path":")" + std::string(path) + R"(","value":"x"}]})").verdict,
            Verdict::malformed)
            << path;
    for (const auto* const path :
         {"/message/headers/0/value", "/message/headers", "/response/code"})
        EXPECT_EQ(
            at_data(R"({"set":[{"path":")" + std::string(path) + R"(","value":"x"}]})").verdict,
            Verdict::done)
            << path;
}

TEST(Scope, OfADirectionIsNotThatOfTheOther)
{
    Answering at_data(Stage::data);
    const auto operations = R"({"set":[{"path":"/message/subject","value":"x"}]})";
    at_data.may_change = {};
    EXPECT_EQ(at_data(operations).verdict, Verdict::malformed);
}

// C46, C13.
TEST(InvalidAction, MakesTheAnswerMalformed)
{
    Answering at_data(Stage::data);
    at_data.actions = {Action::accept, Action::reject, Action::cancel};
    for (const auto* const value : {"\"burn\"", "\"discard\"", "\"cancel\"", "7", "null", "\"\"",
                                    "[\"reject\"]", "\"Reject\""})
        EXPECT_EQ(
            at_data(R"({"set":[{"path":"/action","value":)" + std::string(value) + "}]}").verdict,
            Verdict::malformed)
            << value;
    EXPECT_EQ(at_data(R"({"delete":[{"path":"/action"}]})").verdict, Verdict::malformed);
    EXPECT_EQ(at_data(R"({"set":[{"path":"/action","value":"reject"}]})").verdict, Verdict::done);
}

TEST(InvalidAction, AlsoWhereALaterOneIsGood)
{
    Answering at_data(Stage::data);
    EXPECT_EQ(
        at_data(
            R"({"set":[{"path":"/action","value":"burn"},{"path":"/action","value":"reject"}]})")
            .verdict,
        Verdict::malformed);
}

TEST(Actions, OnlyTheLastCounts)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(
        R"({"set":[{"path":"/action","value":"reject"},{"path":"/action","value":"quarantine"}],
            "add":[{"path":"/action","value":"accept"}]})");
    EXPECT_EQ(applied.facts.action, Action::accept);
}

// C47.
TEST(Downgrade, IsAFinalActionWeakerThanTheRequests)
{
    Answering at_data(Stage::data);
    at_data.facts.action = Action::quarantine;
    const auto weaker = R"({"set":[{"path":"/action","value":"accept"}]})";
    EXPECT_EQ(at_data(weaker).verdict, Verdict::downgrade);
    EXPECT_EQ(
        at_data(
            R"({"set":[{"path":"/action","value":"accept"},{"path":"/action","value":"quarantine"}]})")
            .verdict,
        Verdict::done);
    at_data.may_downgrade = true;
    EXPECT_EQ(at_data(weaker).facts.action, Action::accept);
}

// C56.
TEST(RawMessage, IsTheOnlyEditOfTheMessageThatCounts)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(
        R"({"set":[{"path":"/message/subject","value":"x"},{"path":"/rawMessage","value":"QTogYg0KDQpjDQo="}],
            "delete":[{"path":"/message/headers/0"}]})");
    EXPECT_THAT(applied.failed, IsEmpty());
    EXPECT_EQ(applied.applied, 1U);
    EXPECT_EQ(text_of(*applied.message), "A: b\r\n\r\nc\r\n");
}

TEST(RawMessage, IsSoEvenWhereItFails)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(
        R"({"set":[{"path":"/message/subject","value":"x"},{"path":"/rawMessage","value":"%%"}]})");
    EXPECT_THAT(paths(applied), ElementsAre("/rawMessage"));
    EXPECT_FALSE(applied.message->changed());
}

// C57.
TEST(AddedFields, AreAtMost256OfOneAnswer)
{
    Answering at_data(Stage::data);
    std::string edits;
    for (int n = 0; n < 300; ++n)
        edits += (n ? "," : "") +
                 std::string(R"({"path":"/message/headers","value":{"name":"X","value":"y"}})");
    const auto applied = at_data(R"({"add":[)" + edits + "]}");
    EXPECT_EQ(applied.applied, 256U);
    EXPECT_EQ(applied.failed.size(), 44U);
    at_data.message = applied.message;
    EXPECT_EQ(at_data(R"({"add":[{"path":"/message/headers","value":{"name":"X","value":"y"}}]})")
                  .applied,
              1U);
}

TEST(Limit, OfTheMessageIsAMebibyteOverWhatWeTake)
{
    Answering at_data(Stage::data);
    at_data.facts.message_limit = 10;
    const auto raw = [](std::size_t size) {
        return R"({"set":[{"path":"/rawMessage","value":")" +
               base64("A: b\r\n\r\n" + std::string(size - 10, 'x') + "\r\n") + "\"}]}";
    };
    EXPECT_THAT(at_data(raw(1024 * 1024 + 10)).failed, IsEmpty());
    EXPECT_EQ(at_data(raw(1024 * 1024 + 11)).failed.size(), 1U);
}

// Section 10: what is refused or dropped is not edited before.
TEST(Terminal, EditsOfTheMessageDoNotMatter)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(
        R"({"set":[{"path":"/message/subject","value":"x"},{"path":"/action","value":"reject"},
                   {"path":"/response/message","value":"no"}]})");
    EXPECT_FALSE(applied.message->changed());
    EXPECT_EQ(applied.applied, 2U);
    EXPECT_EQ(applied.facts.response, (Response{550, "5.7.1", "no"}));
}

TEST(ReplyOfAnAnswer, OfTheWrongClassIsAFailedEdit)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(
        R"({"set":[{"path":"/action","value":"reject"},{"path":"/response","value":{"code":250,"enhancedCode":"2.0.0","message":"fine"}}]})");
    EXPECT_EQ(applied.facts.action, Action::reject);
    EXPECT_EQ(applied.facts.response, (Response{550, "5.7.1", "Rejected by policy"}));
    EXPECT_THAT(paths(applied), ElementsAre("/response"));
    EXPECT_EQ(applied.applied, 1U);
}

TEST(ReplyOfAnAnswer, MemberByMember)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(
        R"({"set":[{"path":"/response/code","value":451},{"path":"/response/enhancedCode","value":"4.3.2"},
                   {"path":"/action","value":"reject"},{"path":"/response/message","value":"Not now"}]})");
    EXPECT_EQ(applied.facts.response, (Response{451, "4.3.2", "Not now"}));
    EXPECT_THAT(applied.failed, IsEmpty());
}

TEST(ReplyOfAnAnswer, WhereWeHaveNoneHasNoMembers)
{
    Answering at_data(Stage::data);
    at_data.facts.response.reset();
    EXPECT_EQ(at_data(R"({"set":[{"path":"/response/code","value":250}]})").failed.size(), 1U);
    const auto whole =
        at_data(R"({"set":[{"path":"/response","value":{"code":250,"message":"fine"}}]})");
    EXPECT_EQ(whole.facts.response->message, "fine");
}

// Section 2: of CBOR.
TEST(Bytes, AreForTheRawMessageAlone)
{
    Answering at_data(Stage::data);
    const auto answer = [](const std::string& path, const std::string& value) {
        boost::json::value document = {{"set", {{{"path", path}, {"value", "@@@@@@@@"}}}}};
        auto text = encode(Serialization::cbor, document);
        const auto at = text.find("\x68@@@@@@@@");
        text.replace(at, 9, static_cast<char>(0x40 + value.size()) + value);
        return text;
    };
    auto& cbor = at_data.serialization;
    cbor = Serialization::cbor;
    EXPECT_THAT(at_data(answer("/rawMessage", "A: b\r\n\r\nc\r\n")).failed, IsEmpty());
    EXPECT_EQ(at_data(answer("/response/message", "hello")).failed.size(), 1U);
    EXPECT_EQ(at_data(answer("/message/subject", "hello")).failed.size(), 1U);
    EXPECT_EQ(at_data(answer("/action", "accept")).verdict, Verdict::malformed);
}

}
