#include "hooks/answers.hpp"
#include "hooks/filter/filter.hpp"

#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::hooks;

namespace {

Message letter()
{
    return Message("From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\n"
                   "To: Ben <ben@example.net>, cyd@example.net\n"
                   "Cc: dora@example.com\n"
                   "Subject: =?utf-8?q?=C3=9Cber?= you\n"
                   "X-Empty:\n"
                   "X-Long: one\n two\n"
                   "Content-Type: multipart/mixed; boundary=b\n"
                   "\n"
                   "--b\n"
                   "Content-Type: text/plain; charset=utf-8\n"
                   "Content-Transfer-Encoding: base64\n"
                   "\n"
                   "aW52b2ljZQ==\n"
                   "--b\n"
                   "Content-Disposition: attachment\n"
                   "Content-Type: application/pdf\n"
                   "\n"
                   "x\n"
                   "--b--\n");
}

bool matches(const std::string& text, Stage stage = Stage::data)
{
    const auto filter = Filter::parse(text);
    if (!filter) {
        ADD_FAILURE() << filter.error().text << ": " << text;
        return false;
    }
    const auto message = letter();
    return filter->matches(facts_at(stage), stage == Stage::data ? &message : nullptr);
}

// mta-hooks section 16.
TEST(Filter, OfEachConditionHoldsWhereItSays)
{
    for (const auto* const text : {R"({})",
                                   R"({"envelopeFrom":"ana@*"})",
                                   R"({"envelopeTo":"*@EXAMPLE.net"})",
                                   R"({"from":"jörg"})",
                                   R"({"from":"joerg@example"})",
                                   R"({"to":"cyd@"})",
                                   R"({"cc":"dora"})",
                                   R"({"subject":"über YOU"})",
                                   R"({"text":"über"})",
                                   R"({"text":"invoice"})",
                                   R"({"body":"INVOICE"})",
                                   R"({"header":["x-empty"]})",
                                   R"({"header":["X-Long","one two"]})",
                                   R"({"hasAttachment":true})",
                                   R"({"minSize":1})",
                                   R"({"maxSize":100000})",
                                   R"({"from":"*@example.org"})",
                                   R"({"to":"ben@*"})",
                                   R"({"to":"*cyd@*"})",
                                   R"({"from":"joerg*"})"})
        EXPECT_TRUE(matches(text)) << text;
    for (const auto* const text :
         {R"({"envelopeFrom":"ana"})", R"({"envelopeFrom":""})",
          R"({"envelopeTo":"*@example.org"})", R"({"from":"ben"})", R"({"bcc":""})",
          R"({"subject":"hello"})", R"({"body":"aW52"})", R"({"header":["X-None"]})",
          R"({"header":["X-Long","three"]})", R"({"hasAttachment":false})", R"({"minSize":100000})",
          R"({"maxSize":1})", R"({"to":"*@example.org"})", R"({"text":"nowhere"})",
          R"({"subject":"*you"})"})
        EXPECT_FALSE(matches(text)) << text;
}

TEST(Filter, OfSizesIsExactAtTheBorder)
{
    const auto size = std::to_string(letter().size());
    EXPECT_TRUE(matches(R"({"minSize":)" + size + "}"));
    EXPECT_FALSE(matches(R"({"maxSize":)" + size + "}"));
}

TEST(Filter, OfOperatorsIsAsInJmap)
{
    const std::string yes = R"({"minSize":1})", no = R"({"maxSize":1})";
    const auto of = [](const std::string& word, const std::string& conditions) {
        return matches(R"({"operator":")" + word + R"(","conditions":[)" + conditions + "]}");
    };
    EXPECT_TRUE(of("AND", yes + "," + yes));
    EXPECT_FALSE(of("AND", yes + "," + no));
    EXPECT_TRUE(of("OR", no + "," + yes));
    EXPECT_FALSE(of("OR", no + "," + no));
    EXPECT_TRUE(of("NOT", no + "," + no));
    EXPECT_FALSE(of("NOT", no + "," + yes));
    EXPECT_FALSE(of("NOT", "{}"));
    EXPECT_TRUE(of("OR", no + R"(,{"operator":"NOT","conditions":[)" + no + "]}"));
    EXPECT_FALSE(matches(R"({"minSize":1,"maxSize":1})"));
}

TEST(Filter, OfTheNullSenderIsTheEmptyString)
{
    auto facts = facts_at(Stage::mail);
    facts.envelope->from.address = "";
    EXPECT_TRUE(Filter::parse(R"({"envelopeFrom":""})")->matches(facts, nullptr));
    EXPECT_TRUE(Filter::parse(R"({"envelopeFrom":"*"})")->matches(facts, nullptr));
    EXPECT_FALSE(Filter::parse(R"({"envelopeFrom":"*@*"})")->matches(facts, nullptr));
}

// C74.
TEST(Filter, IgnoresWhatAStageCannotKnow)
{
    const auto* const sender = R"({"envelopeFrom":"nobody"})";
    const auto* const recipient = R"({"envelopeTo":"nobody"})";
    const auto* const text = R"({"subject":"nothing"})";
    for (const auto stage : {Stage::connect, Stage::ehlo}) {
        EXPECT_TRUE(matches(sender, stage));
        EXPECT_TRUE(matches(text, stage));
    }
    EXPECT_FALSE(matches(sender, Stage::mail));
    EXPECT_TRUE(matches(recipient, Stage::mail));
    EXPECT_TRUE(matches(text, Stage::mail));
    for (const auto stage : {Stage::rcpt, Stage::delivery, Stage::defer, Stage::dsn}) {
        EXPECT_FALSE(matches(sender, stage));
        EXPECT_FALSE(matches(recipient, stage));
        EXPECT_TRUE(matches(text, stage));
    }
}

TEST(Filter, RemovesWhatItIgnoresFromTheTree)
{
    const std::string ignored = R"({"subject":"x"})", sender = R"({"envelopeFrom":"nobody"})";
    const auto of = [](const std::string& word, const std::string& conditions) {
        return matches(R"({"operator":")" + word + R"(","conditions":[)" + conditions + "]}",
                       Stage::rcpt);
    };
    EXPECT_TRUE(of("NOT", ignored));   // nothing left: everything matches
    EXPECT_TRUE(of("OR", R"({"operator":"NOT","conditions":[)" + ignored + "]}"));
    EXPECT_FALSE(of("OR", sender + "," + ignored));
    EXPECT_FALSE(of("AND", sender + "," + ignored));
    EXPECT_TRUE(of("NOT", sender + "," + ignored));
    EXPECT_FALSE(matches(R"({"subject":"you","envelopeFrom":"nobody"})", Stage::rcpt));
    EXPECT_TRUE(matches(R"({"subject":"nothing","envelopeFrom":"ana@*"})", Stage::rcpt));
}

TEST(Filter, AtRcptLooksAtTheRecipientUnderDecision)
{
    EXPECT_TRUE(matches(R"({"envelopeTo":"cyd@*"})", Stage::rcpt));
    EXPECT_FALSE(matches(R"({"envelopeTo":"ben@*"})", Stage::rcpt));
    EXPECT_TRUE(matches(R"({"envelopeTo":"ben@*"})", Stage::data));
    EXPECT_TRUE(matches(R"({"envelopeTo":"ben@*"})", Stage::delivery));
}

TEST(Filter, IsRefusedWhereItIsWrong)
{
    for (
        const auto* const text :
        {R"([])",
         R"("x")",
         R"(null)",
         R"({)",
         R"({"inMailbox":"x"})",
         R"({"inMailboxOtherThan":["x"]})",
         R"({"before":"2001-01-01T00:00:00Z"})",
         R"({"after":"2001-01-01T00:00:00Z"})",
         R"({"allInThreadHaveKeyword":"x"})",
         R"({"someInThreadHaveKeyword":"x"})",
         R"({"noneInThreadHaveKeyword":"x"})",
         R"({"hasKeyword":"x"})",
         R"({"notKeyword":"x"})",
         R"({"unheard":"x"})",
         R"({"from":1})",
         R"({"subject":null})",
         R"({"header":"x"})",
         R"({"header":[]})",
         R"({"header":["a","b","c"]})",
         R"({"header":[1]})",
         R"({"minSize":-1})",
         R"({"minSize":1.5})",
         R"({"minSize":"1"})",
         R"({"hasAttachment":1})",
         R"({"operator":"XOR","conditions":[]})",
         R"({"operator":"AND"})",
         R"({"operator":"AND","conditions":{}})",
         R"({"operator":"AND","conditions":[7]})",
         R"({"operator":"AND","conditions":[],"from":"x"})",
         R"({"conditions":[]})",
         R"({"operator":"AND","conditions":[{"operator":"OR","conditions":[{"hasKeyword":"x"}]}]})"})
        EXPECT_FALSE(Filter::parse(text)) << text;
}

std::string nested(int depth)
{
    std::string text = "{}";
    for (int n = 1; n < depth; ++n) text = R"({"operator":"AND","conditions":[)" + text + "]}";
    return text;
}

TEST(Filter, IsAtMost16Deep)
{
    EXPECT_TRUE(Filter::parse(nested(16)));
    EXPECT_FALSE(Filter::parse(nested(17)));
    EXPECT_FALSE(Filter::parse(nested(60)));
}

TEST(Filter, HasAtMost256Conditions)
{
    const auto many = [](int count) {
        std::string list;
        for (int n = 0; n < count; ++n) list += (n ? "," : "") + std::string(R"({"minSize":1})");
        return R"({"operator":"OR","conditions":[)" + list + "]}";
    };
    EXPECT_TRUE(Filter::parse(many(255)));   // and their operator
    EXPECT_FALSE(Filter::parse(many(256)));
}

TEST(Filter, OfNothingMatchesEverythingAndIsNotDisclosed)
{
    EXPECT_TRUE(matches("  \n"));
    EXPECT_TRUE(Filter::parse("")->json().is_null());
    EXPECT_EQ(Filter::parse(R"({"from":"x"})")->json().at("from"), "x");
}

}
