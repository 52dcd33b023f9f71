#include "hooks/answers.hpp"

#include <gtest/gtest.h>

#include <ostream>

using namespace grapnel::hooks;

namespace {

// mta-hooks 9.2, row by row: one edit each that is right where it is allowed at
// all.
struct Row {
    std::string answer;
    std::string stages;   // where it is applied; elsewhere it is a failed modification
    std::string path;
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.answer; }

class EditableAt : public testing::TestWithParam<std::tuple<Row, Stage>> {};

TEST_P(EditableAt, TheStagesOfTheTable)
{
    const auto& [row, stage] = GetParam();
    Answering answering(stage);
    answering.policy["eve@example.net"] = AddAnswer::yes;
    auto answer = row.answer;
    if (direction(stage) == Direction::outbound)
        if (const auto word = answer.find("accept"); word != std::string::npos)
            answer.replace(word, 6, "continue");
    const auto applied = answering(answer);
    ASSERT_EQ(applied.verdict, Applied::Verdict::done) << applied.why;
    const bool allowed =
        (' ' + row.stages + ' ').find(' ' + std::string(name(stage)) + ' ') != std::string::npos;
    EXPECT_EQ(paths(applied), allowed ? std::vector<std::string>() : std::vector{row.path});
    EXPECT_EQ(applied.applied, allowed ? 1U : 0U);
}

const std::string inbound = "connect ehlo mail rcpt data", all = inbound + " delivery defer dsn";

INSTANTIATE_TEST_SUITE_P(
    Section92, EditableAt,
    testing::Combine(
        testing::Values(
            Row{R"({"set":[{"path":"/action","value":"accept"}]})", all, "/action"},
            Row{R"({"add":[{"path":"/action","value":"accept"}]})", all, "/action"},
            Row{R"({"set":[{"path":"/response/message","value":"fine"}]})", inbound,
                "/response/message"},
            Row{R"({"delete":[{"path":"/response/enhancedCode"}]})", inbound,
                "/response/enhancedCode"},
            Row{R"({"set":[{"path":"/response/enhancedCode","value":"2.1.5"}]})", inbound,
                "/response/enhancedCode"},
            Row{R"({"set":[{"path":"/envelope/from","value":{"address":"eve@example.net"}}]})",
                "mail data", "/envelope/from"},
            Row{R"({"set":[{"path":"/envelope/from/address","value":"eve@example.net"}]})",
                "mail data", "/envelope/from/address"},
            Row{R"({"set":[{"path":"/envelope/from/parameters/RET","value":"HDRS"}]})", "mail data",
                "/envelope/from/parameters/RET"},
            Row{R"({"set":[{"path":"/envelope/from/parameters","value":{"SIZE":"210","ENVID":"x"}}]})",
                "mail data", "/envelope/from/parameters"},
            Row{R"({"add":[{"path":"/envelope/to","value":{"address":"eve@example.net"}}]})",
                "data", "/envelope/to"},
            Row{R"({"add":[{"path":"/envelope/to/-","value":{"address":"eve@example.net"}}]})",
                "data", "/envelope/to/-"},
            Row{R"({"add":[{"path":"/envelope/to/1","value":{"address":"eve@example.net"}}]})",
                "data", "/envelope/to/1"},
            Row{R"({"set":[{"path":"/envelope/to","value":[{"address":"eve@example.net"}]}]})",
                "data", "/envelope/to"},
            Row{R"({"set":[{"path":"/envelope/to/1","value":{"address":"eve@example.net"}}]})",
                "rcpt data", "/envelope/to/1"},
            Row{R"({"set":[{"path":"/envelope/to/0","value":{"address":"eve@example.net"}}]})",
                "data", "/envelope/to/0"},
            Row{R"({"set":[{"path":"/envelope/to/1/address","value":"eve@example.net"}]})",
                "rcpt data", "/envelope/to/1/address"},
            Row{R"({"set":[{"path":"/envelope/to/1/parameters/NOTIFY","value":"NEVER"}]})",
                "rcpt data", "/envelope/to/1/parameters/NOTIFY"},
            Row{R"({"set":[{"path":"/envelope/to/1/parameters","value":{"ORCPT":"rfc822;a"}}]})",
                "rcpt data", "/envelope/to/1/parameters"},
            Row{R"({"delete":[{"path":"/envelope/to/1"}]})", "rcpt data", "/envelope/to/1"},
            Row{R"({"delete":[{"path":"/envelope/to/0"}]})", "data", "/envelope/to/0"},
            Row{R"({"set":[{"path":"/envelope/to/0/status","value":"failed"}]})", "delivery defer",
                "/envelope/to/0/status"},
            Row{R"({"set":[{"path":"/envelope/to/0/nextAttemptAt","value":"2001-09-09T02:00:00Z"}]})",
                "delivery defer", "/envelope/to/0/nextAttemptAt"},
            Row{R"({"set":[{"path":"/envelope/to/0/nextDsnAt","value":null}]})", "delivery defer",
                "/envelope/to/0/nextDsnAt"},
            Row{R"({"delete":[{"path":"/envelope/to/0/nextDsnAt"}]})", "delivery defer",
                "/envelope/to/0/nextDsnAt"},
            Row{R"({"set":[{"path":"/message/subject","value":"x"}]})", "data dsn",
                "/message/subject"},
            Row{R"({"add":[{"path":"/message/headers","value":{"name":"X-A","value":"1"}}]})",
                "data dsn", "/message/headers"},
            Row{R"({"set":[{"path":"/rawMessage","value":"QTogYgoKYwo="}]})", "data dsn",
                "/rawMessage"}),
        testing::ValuesIn(all_stages)));

// Whatever the table does not have has no effect anywhere.
class NeverEditable : public testing::TestWithParam<std::tuple<std::string, Stage>> {};

TEST_P(NeverEditable, AtAnyStage)
{
    const auto& [edit, stage] = GetParam();
    Answering answering(stage);
    answering.may_change = {""};
    const auto applied = answering(edit);
    ASSERT_EQ(applied.verdict, Applied::Verdict::done) << applied.why;
    EXPECT_EQ(applied.applied, 0U);
    EXPECT_EQ(applied.failed.size(), 1U);
    EXPECT_EQ(applied.facts, answering.facts);
}

INSTANTIATE_TEST_SUITE_P(
    C41, NeverEditable,
    testing::Combine(
        testing::Values(
            R"({"delete":[{"path":"/response"}]})", R"({"delete":[{"path":"/response/code"}]})",
            R"({"delete":[{"path":"/response/message"}]})", R"({"set":[{"path":"","value":{}}]})",
            R"({"set":[{"path":"/client/ip","value":"::1"}]})",
            R"({"set":[{"path":"/action/x","value":"reject"}]})",

            R"({"set":[{"path":"/response/extra","value":1}]})",
            R"({"set":[{"path":"/response/code","value":"550"}]})",
            R"({"set":[{"path":"/response/code","value":1000}]})",
            R"({"set":[{"path":"/response/message","value":"a\r\n250 b"}]})",
            R"({"set":[{"path":"/response","value":{"code":250}}]})",
            R"({"set":[{"path":"/envelope","value":{}}]})",
            R"({"set":[{"path":"/envelope/from","value":null}]})",
            R"({"set":[{"path":"/envelope/from/address","value":""}]})",
            R"({"set":[{"path":"/envelope/from/address","value":"a@b\r\nRCPT"}]})",
            R"({"set":[{"path":"/envelope/from/parameters/SIZE","value":"1"}]})",
            R"({"delete":[{"path":"/envelope/from/parameters/SIZE"}]})",
            R"({"delete":[{"path":"/envelope/from"}]})",
            R"({"delete":[{"path":"/envelope/from/address"}]})",
            R"({"delete":[{"path":"/envelope/to"}]})", R"({"delete":[{"path":"/envelope/to/-"}]})",
            R"({"delete":[{"path":"/envelope/to/2"}]})",
            R"({"set":[{"path":"/envelope/to/-","value":{"address":"eve@example.net"}}]})",
            R"({"set":[{"path":"/envelope/to/2","value":{"address":"eve@example.net"}}]})",
            R"({"set":[{"path":"/envelope/to/1/status","value":"delivered?"}]})",
            R"({"delete":[{"path":"/envelope/to/1/status"}]})",
            R"({"set":[{"path":"/envelope/to/1/attempt","value":9}]})",
            R"({"set":[{"path":"/envelope/to/1/queueName","value":"x"}]})",
            R"({"set":[{"path":"/envelope/to/1/lastResponse","value":null}]})",
            R"({"set":[{"path":"/envelope/to/1/nextAttemptAt","value":null}]})",
            R"({"delete":[{"path":"/envelope/to/1/nextAttemptAt"}]})",
            R"({"set":[{"path":"/queue/expiresAt","value":"2001-09-09T02:00:00Z"}]})",
            R"({"set":[{"path":"/queue/id","value":"x"}]})",
            R"({"set":[{"path":"/ext/org.example.x","value":"x"}]})"),
        testing::ValuesIn(all_stages)));

TEST(Editable, AnActionIsNoArray)
{
    Answering at_data(Stage::data);
    const auto applied = at_data(R"({"add":[{"path":"/action","value":"discard","index":0}]})");
    EXPECT_EQ(paths(applied), std::vector<std::string>{"/action"});
    EXPECT_EQ(applied.facts.action, Action::accept);
}

}
