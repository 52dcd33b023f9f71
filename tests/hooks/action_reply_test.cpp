#include "hooks/edits/action_reply.hpp"

#include <gtest/gtest.h>

#include <ostream>

using namespace grapnel;
using namespace grapnel::hooks;

namespace {

const Response ours{250, "2.0.0", "OK id 1"};

Response refused(Stage stage, Action action, const ChosenReply& chosen)
{
    const auto reply = reply_for(stage, action, chosen, ours);
    return reply.response.value_or(Response{});
}

struct Row {
    Stage stage;
    Action asked;
    int code;
    Action carried_out;
    int given;
    bool fails;
};

std::ostream& operator<<(std::ostream& out, const Row& row)
{
    return out << name(row.stage) << ' ' << name(row.asked) << ' ' << row.code;
}

class ReplyCode : public testing::TestWithParam<Row> {};

TEST_P(ReplyCode, IsOfTheClassOfItsAction)
{
    const auto& row = GetParam();
    const auto reply = reply_for(row.stage, row.asked, {row.code, {}, {}}, ours);
    EXPECT_EQ(reply.action, row.carried_out);
    EXPECT_EQ(reply.response->code, row.given);
    EXPECT_EQ(!reply.problem.empty(), row.fails);
}

// mta-hooks 10.2, C49.
INSTANTIATE_TEST_SUITE_P(
    C49, ReplyCode,
    testing::Values(Row{Stage::data, Action::reject, 550, Action::reject, 550, false},
                    Row{Stage::data, Action::reject, 451, Action::reject, 451, false},
                    Row{Stage::data, Action::reject, 599, Action::reject, 599, false},
                    Row{Stage::data, Action::reject, 250, Action::reject, 550, true},
                    Row{Stage::data, Action::reject, 354, Action::reject, 550, true},
                    Row{Stage::rcpt, Action::reject, 421, Action::disconnect, 421, false},
                    Row{Stage::connect, Action::reject, 450, Action::disconnect, 421, false},
                    Row{Stage::connect, Action::reject, 550, Action::reject, 554, false},
                    Row{Stage::connect, Action::reject, 220, Action::reject, 554, true},
                    Row{Stage::ehlo, Action::disconnect, 421, Action::disconnect, 421, false},
                    Row{Stage::data, Action::disconnect, 554, Action::disconnect, 554, false},
                    Row{Stage::data, Action::disconnect, 451, Action::disconnect, 421, true},
                    Row{Stage::data, Action::disconnect, 250, Action::disconnect, 421, true},
                    Row{Stage::data, Action::accept, 250, Action::accept, 250, false},
                    Row{Stage::data, Action::accept, 451, Action::accept, 250, true},
                    Row{Stage::data, Action::accept, 251, Action::accept, 250, true},
                    Row{Stage::data, Action::quarantine, 550, Action::quarantine, 250, true},
                    Row{Stage::data, Action::discard, 550, Action::discard, 250, true}));

TEST(ActionReply, WithoutWordsARefusalIsOurs)
{
    EXPECT_EQ(refused(Stage::data, Action::reject, {}),
              (Response{550, "5.7.1", "Rejected by policy"}));
    EXPECT_EQ(refused(Stage::connect, Action::reject, {}),
              (Response{554, "5.7.1", "Rejected by policy"}));
    EXPECT_EQ(refused(Stage::mail, Action::disconnect, {}),
              (Response{421, "4.7.0", "Rejected by policy"}));
}

TEST(ActionReply, ACodeOfAnotherClassTakesItsTextWithIt)
{
    EXPECT_EQ(refused(Stage::data, Action::reject, {250, "2.0.0", "fine"}),
              (Response{550, "5.7.1", "Rejected by policy"}));
}

TEST(ActionReply, TheTextAloneIsEnoughForARefusal)
{
    EXPECT_EQ(refused(Stage::data, Action::reject, {{}, {}, "Go away"}),
              (Response{550, "5.7.1", "Go away"}));
}

TEST(ActionReply, AnEnhancedCodeOfAnotherClassIsReplaced)
{
    EXPECT_EQ(refused(Stage::data, Action::reject, {451, "5.7.1", "x"}).enhanced, "4.7.1");
    EXPECT_EQ(refused(Stage::data, Action::reject, {550, "5.7", "x"}).enhanced, "5.7.1");
    EXPECT_EQ(refused(Stage::data, Action::reject, {550, "5.7.1234", "x"}).enhanced, "5.7.1");
    EXPECT_EQ(refused(Stage::data, Action::reject, {550, "5.7.1 ", "x"}).enhanced, "5.7.1");
    EXPECT_EQ(refused(Stage::data, Action::reject, {550, "5.999.123", "x"}).enhanced, "5.999.123");
    EXPECT_EQ(refused(Stage::data, Action::accept, {{}, "4.0.0", {}}).enhanced, "2.0.0");
}

TEST(ActionReply, AcceptedOrSetAsideOnlyTheTextDiffers)
{
    EXPECT_EQ(refused(Stage::data, Action::accept, {{}, {}, "Queued"}),
              (Response{250, "2.0.0", "Queued"}));
    EXPECT_EQ(refused(Stage::data, Action::quarantine, {250, {}, "Queued"}),
              (Response{250, "2.0.0", "Queued"}));
    EXPECT_EQ(refused(Stage::data, Action::accept, {}), ours);
}

TEST(ActionReply, TheBannerIs220)
{
    const Response banner{220, {}, "here ESMTP"};
    const auto reply = reply_for(Stage::connect, Action::accept, {{}, {}, "here"}, banner);
    EXPECT_EQ(reply.response, (Response{220, {}, "here"}));
    EXPECT_FALSE(
        reply_for(Stage::connect, Action::accept, {250, {}, "here"}, banner).problem.empty());
}

TEST(ActionReply, TextIsPrintableAsciiOfAtMost450Octets)
{
    EXPECT_EQ(reply_text("no ~").value(), "no ~");
    EXPECT_FALSE(reply_text("no\r\n250 yes"));
    EXPECT_FALSE(reply_text("no\ttabs"));
    EXPECT_FALSE(reply_text(std::string_view("no\0nul", 6)));
    EXPECT_FALSE(reply_text("sch\xC3\xB6n"));
    EXPECT_FALSE(reply_text("\x7f"));
    EXPECT_EQ(reply_text(std::string(500, 'x')).value().size(), 450U);
}

TEST(ActionReply, OurOwnRefusalsAreThoseOfTheStage)
{
    EXPECT_EQ(refusal(Stage::data, Refusal::later).response->code, 451);
    EXPECT_EQ(refusal(Stage::data, Refusal::later).response->enhanced, "4.7.1");
    EXPECT_EQ(refusal(Stage::connect, Refusal::later).response->code, 421);
    EXPECT_EQ(refusal(Stage::connect, Refusal::later).action, Action::disconnect);
    EXPECT_EQ(refusal(Stage::data, Refusal::by_policy).response->code, 550);
    EXPECT_EQ(refusal(Stage::connect, Refusal::by_policy).response->code, 554);
    EXPECT_EQ(refusal(Stage::data, Refusal::too_large).response->code, 552);
    EXPECT_EQ(refusal(Stage::data, Refusal::too_large).response->enhanced, "5.3.4");
}

}
