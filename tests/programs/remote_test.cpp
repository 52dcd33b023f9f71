// Out through qmail-remote: what each class of reply to each command does to each recipient.
#include "programs/pipeline.hpp"

using namespace grapnel::test;

struct Remote : Pipeline {
    // Sends one message from joe to the recipients and waits until each has had an attempt.
    void send(Instance& mta, const std::vector<std::string>& recipients,
              const std::string& sender = "joe@here.example")
    {
        EXPECT_TRUE(
            SmtpClient(mta.port()).deliver(sender, recipients, a_message()).starts_with("250 "));
        EXPECT_TRUE(wait_until([&] { return mta.log_count("\ndelivery ") >= recipients.size(); }))
            << mta.log();
    }
};

TEST_F(Remote, EachRecipientHasItsOwnFate)
{
    SmtpScript far({.extensions = {"PIPELINING", "8BITMIME", "SIZE 100000"},
                    .rules = {{"RCPT TO:<no@", "550-5.1.1 no such\n550 5.1.1 person"},
                              {"RCPT TO:<later@", "450 4.2.1 not now"}}});
    next_hop(far.route());
    Instance mta(home);
    send(mta, {"yes@far.example", "no@far.example", "later@far.example"}, "");
    EXPECT_EQ(
        mta.log_count("success: 127.0.0.1_accepted_message./Remote_host_said:_250_2.0.0_kept/"), 1u)
        << mta.log();
    EXPECT_EQ(mta.log_count("failure: "
                            "127.0.0.1_does_not_like_recipient./"
                            "Remote_host_said:_550-5.1.1_no_such/550_5.1.1_person/"),
              1u)
        << mta.log();
    EXPECT_EQ(
        mta.log_count(
            "deferral: 127.0.0.1_does_not_like_recipient./Remote_host_said:_450_4.2.1_not_now/"),
        1u)
        << mta.log();
    ASSERT_EQ(far.messages().size(), 1u);
    EXPECT_TRUE(trace_of(far.messages()[0], a_message())) << far.messages()[0];
    const auto first = far.sessions()[0].commands;
    EXPECT_EQ(first[0], "EHLO here.example");
    EXPECT_TRUE(first[1].starts_with("MAIL FROM:<> SIZE=")) << first[1];
}

struct Answer {
    const char* name;
    ScriptBehaviour behaviour;
    const char* log;   // begins with what the delivery is
};

void PrintTo(const Answer& answer, std::ostream* out) { *out << answer.name; }

class RemoteAnswer : public Remote, public ::testing::WithParamInterface<Answer> {};

TEST_P(RemoteAnswer, IsUnderstood)
{
    SmtpScript far(GetParam().behaviour);
    next_hop(far.route());
    Instance mta(home);
    send(mta, {"x@far.example"}, "");
    // The double bounce of a failure is a delivery of its own, and may fail already.
    EXPECT_EQ(mta.log_count(std::string("delivery 1: ") + GetParam().log), 1u) << mta.log();
}

INSTANTIATE_TEST_SUITE_P(
    All, RemoteAnswer,
    ::testing::Values(
        Answer{"Greeting421", {.rules = {{"", "421 busy", After::cut}}}, "deferral: "},
        Answer{"Greeting554", {.rules = {{"", "554 never"}}}, "failure: "},
        Answer{"GreetingCut",
               {.rules = {{"", "", After::cut}}},
               "deferral: Connected_to_127.0.0.1_but_"},
        Answer{"GreetingGarbage", {.rules = {{"", "hello?"}}}, "deferral: "},
        Answer{"Ehlo502ThenHelo", {.extensions = {"(none)"}}, "success: "},
        Answer{
            "Helo5xx", {.extensions = {"(none)"}, .rules = {{"HELO", "550 go away"}}}, "failure: "},
        Answer{"Mail421", {.rules = {{"MAIL", "421 closing", After::cut}}}, "deferral: "},
        Answer{
            "Mail450",
            {.rules = {{"MAIL", "450 4.1.8 later"}}},
            "deferral: "
            "Connected_to_127.0.0.1_but_sender_was_rejected./Remote_host_said:_450_4.1.8_later/"},
        Answer{
            "Mail553",
            {.rules = {{"MAIL", "553 5.1.8 never"}}},
            "failure: "
            "Connected_to_127.0.0.1_but_sender_was_rejected./Remote_host_said:_553_5.1.8_never/"},
        Answer{"Rcpt251", {.rules = {{"RCPT", "251 will forward"}}}, "success: "},
        Answer{"DataTakenWithoutRecipients",
               {.extensions = {"PIPELINING"},
                .rules = {{"RCPT", "550 5.1.1 no"}, {"DATA", "354 yes"}, {".", "554 nobody"}}},
               "failure: 127.0.0.1_does_not_like_recipient./Remote_host_said:_550_5.1.1_no/"},
        Answer{"Rcpt421", {.rules = {{"RCPT", "421 closing", After::cut}}}, "deferral: "},
        Answer{"RcptCut",
               {.rules = {{"RCPT", "", After::cut}}},
               "deferral: Connected_to_127.0.0.1_but_connection_died._"},
        Answer{"RcptReset",
               {.rules = {{"RCPT", "", After::reset}}},
               "deferral: Connected_to_127.0.0.1_but_connection_died._"},
        Answer{"Data451",
               {.rules = {{"DATA", "451 4.3.0 later"}}},
               "deferral: 127.0.0.1_failed_on_DATA_command./Remote_host_said:_451_4.3.0_later/"},
        Answer{"Data554",
               {.rules = {{"DATA", "554 5.5.1 never"}}},
               "failure: 127.0.0.1_failed_on_DATA_command./Remote_host_said:_554_5.5.1_never/"},
        Answer{"CutInTheData",
               {.cut_after_data = 1},
               "deferral: Connected_to_127.0.0.1_but_connection_died._"},
        Answer{
            "CutAfterTheDot",
            {.rules = {{".", "", After::cut}}},
            "deferral: Connected_to_127.0.0.1_but_connection_died._Possible_duplicate!_(#4.4.2)/"},
        Answer{"Dot451",
               {.rules = {{".", "451 4.3.1 full"}}},
               "deferral: "
               "127.0.0.1_failed_after_I_sent_the_message./Remote_host_said:_451_4.3.1_full/"},
        Answer{
            "Dot421",
            {.rules = {{".", "421 4.3.2 going down", After::cut}}},
            "deferral: "
            "127.0.0.1_failed_after_I_sent_the_message./Remote_host_said:_421_4.3.2_going_down/"},
        Answer{"Dot550",
               {.rules = {{".", "550 5.7.1 spam"}}},
               "failure: "
               "127.0.0.1_failed_after_I_sent_the_message./Remote_host_said:_550_5.7.1_spam/"},
        Answer{"QuitNeverAnswered",
               {.rules = {{"QUIT", "", After::hang}}},
               "success: 127.0.0.1_accepted_message."}),
    [](const auto& answer) { return std::string(answer.param.name); });

TEST_F(Remote, NobodyListens)
{
    next_hop("127.0.0.1:" + std::to_string(free_port()));
    Instance mta(home);
    send(mta, {"x@far.example"}, "");
    EXPECT_EQ(
        mta.log_count("deferral: Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/"),
        1u)
        << mta.log();
}

TEST_F(Remote, ASilentHostIsGivenUpAfterTheLimit)
{
    SmtpScript far({.rules = {{"MAIL", "", After::hang}}});
    next_hop(far.route());
    home.control("timeoutremote", "1");
    Instance mta(home);
    send(mta, {"x@far.example"}, "");
    EXPECT_EQ(mta.log_count("deferral: "), 1u) << mta.log();
}

TEST_F(Remote, AddressesAreQuotedAndDotsDoubled)
{
    SmtpScript far;
    next_hop(far.route());
    Instance mta(home);
    EXPECT_TRUE(
        SmtpClient(mta.port())
            .deliver("joe@here.example", {"\"a b\"@far.example"}, "Subject: x\n\n.\n..\nend\n")
            .starts_with("250 "));
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    const auto session = far.sessions()[0];
    EXPECT_NE(std::find(session.commands.begin(), session.commands.end(),
                        "RCPT TO:<\"a b\"@far.example>"),
              session.commands.end());
    EXPECT_TRUE(session.messages[0].ends_with("Subject: x\r\n\r\n..\r\n...\r\nend\r\n"))
        << session.messages[0];
}
