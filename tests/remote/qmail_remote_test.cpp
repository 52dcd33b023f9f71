// The built qmail-remote against scripted servers, by a fixed route.
#include "remote/remote_program.hpp"

#include <gmock/gmock.h>

using namespace grapnel::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using std::string_literals::operator""s;

namespace {

class QmailRemote : public RemoteProgram {};

const std::vector<std::string> modern{"PIPELINING", "8BITMIME", "SIZE 10000",
                                      "ENHANCEDSTATUSCODES"};

}

TEST_F(QmailRemote, DeliversWithWhatTheServerOffers)
{
    SmtpScript server({.extensions = modern});
    EXPECT_EQ(deliver_to(server),
              "r\0K127.0.0.1 accepted message.\nRemote host said: 250 2.0.0 kept\n\0"s);
    ASSERT_TRUE(server.wait_for_sessions_ended(1));
    EXPECT_THAT(server.sessions()[0].commands,
                ElementsAre("EHLO here.example", "MAIL FROM:<s@here.example> SIZE=32",
                            "RCPT TO:<r@far.example>", "DATA", "QUIT"));
    EXPECT_THAT(server.messages(), ElementsAre(message));
}
