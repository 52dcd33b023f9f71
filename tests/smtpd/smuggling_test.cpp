// Never two messages out of one: every line end and dot sequence that some server takes for the end
// of a message, in and out.
#include "smtpd/two_frames.hpp"
#include "support/smtp_script.hpp"

#include <algorithm>

using namespace grapnel::test;

namespace {

const std::vector<std::string> line_ends{
    "\n",
    "\r",
    "\r\n",
    "\r\r\n",
    "\n\r",
    "\r\n\r",
    "\n\n",
    "\x0b",
    "\x0c",
    "\x85",
    "\xc2\x85",
    " \r\n",
    "\r\n ",
    "\t\r\n",
    "",
    "\r\r\r",
    std::string(1, '\0'),
    std::string("\r\0\n", 3),
};
const std::vector<std::string> likely_ends(line_ends.begin(), line_ends.begin() + 7);
const std::vector<std::string> dots{".", "..", ". ", std::string(".\0", 2)};

const std::string second =
    "MAIL FROM:<smuggled@evil.example>\r\nRCPT TO:<joe@here.example>\r\nDATA\r\n"
    "Subject: smuggled\r\n\r\nsmuggled\r\n";

bool is_true_end(const std::string& before, const std::string& dot, const std::string& after)
{
    return (before + dot + after).find("\r\n.\r\n") != std::string::npos;
}

class Smuggling : public TwoFrames {
protected:
    Smuggling() { home.control("databytes", "100000"); }
    static std::size_t whole(const std::vector<Captured>& all)
    {
        std::size_t count = 0;
        for (const auto& one : all)
            if (one.envelope.find(std::string(2, '\0')) != std::string::npos) ++count;
        return count;
    }

    // Never more than were acknowledged, and no other: what is cut off leaves nothing.
    void expect(bool acknowledged)
    {
        if (acknowledged) ++acknowledged_;
        came_ += whole(capture.take());
        EXPECT_LE(came_, acknowledged_);
    }
    std::size_t came_ = 0, acknowledged_ = 0;
};
INSTANTIATE_TEST_SUITE_P(In, Smuggling,
                         ::testing::Values(Frame::one_session, Frame::server, Frame::server_in_tls),
                         [](const auto& frame) { return name(frame.param); });

TEST_P(Smuggling, OneMessageComesInAsOneOrNone)
{
    start();
    auto* client = &connect();
    EXPECT_TRUE(client->command("EHLO c.example").starts_with("250"));
    std::size_t begun = 0;
    for (const auto& before : line_ends)
        for (const auto& dot : dots)
            for (const auto& after : likely_ends) {
                const bool likely = dot == "." || std::find(likely_ends.begin(), likely_ends.end(),
                                                            before) != likely_ends.end();
                if (!likely || is_true_end(before, dot, after)) continue;
                const bool in_pieces = begun % 7 == 0;
                if (++begun % 90 == 0) {   // a session has a hundred
                    client = &connect();
                    EXPECT_TRUE(client->command("EHLO c.example").starts_with("250"));
                }
                hold(*client, {{"MAIL FROM:<a@b.example>\r\nRCPT TO:<joe@here.example>\r\nDATA",
                                "250 2.1.0|250 2.1.5|354"}});
                const auto text = "Subject: x\r\n\r\nhi" + before + dot + after + second;
                if (in_pieces)
                    for (const char c : text) client->send({&c, 1});
                else
                    client->send(text);
                client->send("\r\n.\r\nNOOP\r\n");
                const auto reply = client->reply(), then = client->reply();
                const auto what = ::testing::PrintToString(before + dot + after);
                EXPECT_TRUE(reply.starts_with("250 2.0.0 ") || reply.starts_with("550 5.6.0 "))
                    << what << reply;
                EXPECT_EQ(then, "250 2.0.0 ok") << what;
                expect(reply.starts_with("250"));
            }
    EXPECT_GT(begun, 200u);
    EXPECT_GT(came_, 0u);
}

TEST_P(Smuggling, BehindABareCrTheTrueEndIsOne)
{
    start();
    for (const std::string before : {"\r\r\n", "\n\r\n", "x\ry\r\n"}) {
        auto& client = connect();
        hold(client, {{"EHLO c.example", "250"},
                      {"MAIL FROM:<a@b.example>", "250"},
                      {"RCPT TO:<joe@here.example>", "250"},
                      {"DATA", "354"},
                      {"hi" + before + ".\r\n", "550 5.6.0"},
                      {"NOOP", "250 2.0.0"}});
    }
    EXPECT_EQ(whole(capture.take()), 0u);
}

TEST_P(Smuggling, NothingInAChunkIsAnEndOrACommand)
{
    start();
    auto* client = &connect();
    EXPECT_TRUE(client->command("EHLO c.example").starts_with("250"));
    std::size_t begun = 0;
    for (const auto& before : line_ends)
        for (const auto& after : likely_ends) {
            if (++begun % 90 == 0) {
                client = &connect();
                EXPECT_TRUE(client->command("EHLO c.example").starts_with("250"));
            }
            const auto text = "Subject: x\r\n\r\nhi" + before + '.' + after + second;
            const auto half = text.size() / 2;
            client->send("MAIL FROM:<a@b.example>\r\nRCPT TO:<joe@here.example>\r\nBDAT " +
                         std::to_string(half) + "\r\n" + text.substr(0, half) + "BDAT " +
                         std::to_string(text.size() - half) + " LAST\r\n" + text.substr(half) +
                         "RSET\r\n");
            std::vector<std::string> said;
            for (int i = 0; i < 5; ++i) said.push_back(client->reply());
            EXPECT_TRUE(said[2].starts_with("250 2.0.0 ")) << said[2];
            EXPECT_TRUE(said[3].starts_with("250 2.6.0 ") || said[3].starts_with("550 5.6.0 "))
                << said[3];
            EXPECT_EQ(said[4], "250 2.0.0 flushed");
            expect(said[3].starts_with("250"));
        }
    EXPECT_GT(came_, 0u);
}

// Whatever lies in the queue, and there may be bare CRs in it: one message goes out, in which no CR
// or LF stands alone and nothing but its end ends it.
TEST(SmugglingOut, OneMessageGoesOutAsOne)
{
    if (!TempHome::built("qmail-remote")) GTEST_SKIP() << "skipped: no qmail-remote";
    TempHome home;
    const SmtpScript server({.extensions = {"PIPELINING", "8BITMIME"}});
    home.control("smtproutes", ":127.0.0.1:" + std::to_string(server.port()));
    std::size_t sent = 0;
    for (const auto& before : line_ends)
        for (const std::string dot : {".", ".."})
            for (const auto& after : {std::string("\n"), std::string("\r"), std::string("\r\n"),
                                      std::string("\r\r\n"), std::string("\n\r")}) {
                const auto text = "Subject: x\n\nhi" + before + dot + after + second;
                const auto done = run(
                    {{home.program("qmail-remote"), "b.example", "a@here.example", "joe@b.example"},
                     home.environment({"LSAN_OPTIONS=detect_leaks=0"})},
                    text);
                EXPECT_TRUE(done.output.starts_with('r')) << done.output;
                ++sent;
            }
    const auto sessions = server.sessions();
    ASSERT_EQ(sessions.size(), sent);
    for (const auto& session : sessions) {
        EXPECT_EQ(session.messages.size(), 1u);
        for (const auto& command : session.commands)
            EXPECT_EQ(command.find("smuggled"), std::string::npos) << command;
        for (const auto& wire : session.messages) {
            EXPECT_EQ(("\r\n" + wire).find("\r\n.\r\n"), std::string::npos);
            for (std::size_t i = 0; i < wire.size(); ++i) {
                EXPECT_FALSE(wire[i] == '\n' && (i == 0 || wire[i - 1] != '\r')) << i;
                EXPECT_FALSE(wire[i] == '\r' && (i + 1 == wire.size() || wire[i + 1] != '\n')) << i;
            }
        }
    }
}

}
