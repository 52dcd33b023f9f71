// Replies to outcomes, as tables: smtp-standards "What a reply does".
#include "remote/smtp_dialogue.hpp"

#include "base/text.hpp"

#include <gmock/gmock.h>

using namespace grapnel;
using namespace grapnel::remote;
using testing::ElementsAre;

namespace {

Errand errand(std::vector<std::string> recipients = {"r@b.example"})
{
    Errand result;
    result.peer = "192.0.2.1";
    result.helo_name = "a.example";
    result.sender = "s@a.example";
    result.recipients = std::move(recipients);
    return result;
}

const std::string hello = "250-b.example\n250 PIPELINING";

// Feeds one reply after the other; "-" is a lost connection. Collects what was written.
struct Played {
    SmtpDialogue dialogue;
    std::vector<std::string> written;

    Played(Errand what, const std::vector<std::string>& replies)
        : Played(SmtpDialogue(std::move(what)), replies)
    {
    }

    Played(SmtpDialogue begun, const std::vector<std::string>& replies) : dialogue(std::move(begun))
    {
        for (const auto& reply : replies) {
            write();
            if (!dialogue.over()) hear(reply);
        }
        write();
    }

    void hear(const std::string& reply)
    {
        if (reply == "-")
            dialogue.lost();
        else if (!is_digit(reply.front()))
            dialogue.garbled(reply + '\n');
        else
            dialogue.take(parsed(reply), reply + '\n');
    }

    void write()
    {
        if (dialogue.wants_text()) dialogue.text_ends();
        if (auto output = dialogue.take_output(); !output.empty())
            written.push_back(std::move(output));
    }

    static Reply parsed(const std::string& text)
    {
        Reply reply;
        for (const auto line : split(text, '\n')) {
            reply.code = static_cast<int>(*parse_number(line.substr(0, 3)));
            reply.lines.emplace_back(line.substr(std::min<std::size_t>(4, line.size())));
        }
        return reply;
    }

    const Verdict& verdict() const { return dialogue.verdict(); }
};

// "K 2.0.0" of the message, with "+" where the next host may be asked.
std::string short_form(const Verdict& verdict)
{
    const auto letter = verdict.report().letter;
    return std::string(1, letter) + ' ' + verdict.message.status + (verdict.next_host ? " +" : "");
}

std::string fate(const std::vector<std::string>& replies)
{
    return short_form(Played(errand(), replies).verdict());
}

}

TEST(SmtpDialogue, Greeting)
{
    EXPECT_EQ(fate({"421 busy"}), "Z 4.3.2 +");
    EXPECT_EQ(fate({"450 4.7.1 grey"}), "Z 4.7.1 +");
    EXPECT_EQ(fate({"521 no mail"}), "D 5.3.2 +");
    EXPECT_EQ(fate({"554 go away"}), "D 5.0.0 +");
    EXPECT_EQ(fate({"354 odd"}), "Z 4.5.0 +");
    EXPECT_EQ(fate({"nonsense"}), "Z 4.0.0 +");
    EXPECT_EQ(fate({"-"}), "Z 4.4.2 +");
}

TEST(SmtpDialogue, EhloAndHelo)
{
    EXPECT_EQ(fate({"220 x", "421 bye"}), "Z 4.3.2 +");
    EXPECT_EQ(fate({"220 x", "451 later"}), "Z 4.3.0 +");
    EXPECT_EQ(fate({"220 x", "502 what", "550 no"}), "D 5.1.1 +");
    EXPECT_EQ(fate({"220 x", "502 what", "450 no"}), "Z 4.2.0 +");
    EXPECT_EQ(fate({"220 x", "-"}), "Z 4.4.2 +");
    EXPECT_THAT(
        Played(errand(), {"220 x", "502 what", "250 x"}).written,
        ElementsAre("EHLO a.example\r\n", "HELO a.example\r\n", "MAIL FROM:<s@a.example>\r\n"));
}

TEST(SmtpDialogue, Mail)
{
    EXPECT_EQ(fate({"220 x", "250 x", "451 later"}), "Z 4.3.0 +");
    EXPECT_EQ(fate({"220 x", "250 x", "421 later"}), "Z 4.3.2");
    EXPECT_EQ(fate({"220 x", "250 x", "550 5.1.8 who"}), "D 5.1.8");
    EXPECT_EQ(fate({"220 x", "250 x", "-"}), "Z 4.4.2");
}

TEST(SmtpDialogue, Data)
{
    EXPECT_EQ(fate({"220 x", "250 x", "250 x", "250 x", "451 later"}), "Z 4.3.0");
    EXPECT_EQ(fate({"220 x", "250 x", "250 x", "250 x", "554 no"}), "D 5.0.0");
    EXPECT_EQ(fate({"220 x", "250 x", "250 x", "250 x", "250 odd"}), "Z 4.5.0");
    EXPECT_EQ(fate({"220 x", "250 x", "250 x", "250 x", "-"}), "Z 4.4.2");
}

TEST(SmtpDialogue, AfterTheDot)
{
    const auto after = [](const std::string& reply) {
        return fate({"220 x", "250 x", "250 x", "251 x", "354 go", reply});
    };
    EXPECT_EQ(after("250 2.6.0 kept"), "K 2.6.0");
    EXPECT_EQ(after("250 kept"), "K 2.0.0");
    EXPECT_EQ(after("451 4.7.1 grey"), "Z 4.7.1");
    EXPECT_EQ(after("554 5.7.1 spam"), "D 5.7.1");
    EXPECT_EQ(after("554 4.7.1 mixed up"), "D 5.0.0");
    EXPECT_EQ(after("354 odd"), "Z 4.5.0");
    EXPECT_EQ(after("-"), "Z 4.4.2");
}

TEST(SmtpDialogue, Recipients)
{
    const auto letter = [](const std::string& reply) {
        const Played played(errand(), {"220 x", "250 x", "250 x", reply});
        const auto outcome = played.verdict().of(0);
        return std::string(outcome.fate == Fate::temporary ? "s " : "h ") + outcome.status;
    };
    EXPECT_EQ(letter("450 busy"), "s 4.2.0");
    EXPECT_EQ(letter("421 4.3.0 bye"), "s 4.3.0");
    EXPECT_EQ(letter("550 nobody"), "h 5.1.1");
    EXPECT_EQ(letter("551 moved"), "h 5.1.6");
    EXPECT_EQ(letter("552 quota"), "h 5.2.2");
    EXPECT_EQ(letter("552 5.5.3 enough"), "s 4.5.3");
    EXPECT_EQ(letter("552 Too many recipients"), "s 4.5.3");
    EXPECT_EQ(letter("nonsense"), "s 4.0.0");
    EXPECT_EQ(letter("-"), "s 4.4.2");
}

TEST(SmtpDialogue, AClosingServerLeavesLaterRecipientsToTheMessage)
{
    const Played played(errand({"a@b", "b@b", "c@b"}),
                        {"220 x", "250 x", "250 x", "250 x", "421 bye"});
    const auto report = played.verdict().report();
    EXPECT_EQ(report.recipients[0], RecipientReport{'r'});
    EXPECT_EQ(report.recipients[1].text,
              "192.0.2.1 does not like recipient.\nRemote host said: 421 bye\n");
    EXPECT_EQ(report.recipients.size(), 2u);
    EXPECT_EQ(report.letter + report.text,
              "ZConnected to 192.0.2.1 but connection died. (#4.4.2)\n");
    EXPECT_EQ(played.verdict().of(2).fate, Fate::temporary);
}

TEST(SmtpDialogue, APipelinedGroupIsAnsweredByPosition)
{
    const Played played(errand({"a@b", "b@b"}),
                        {"220 x", hello, "250 x", "550 no", "250 x", "354 go", "250 ok"});
    EXPECT_THAT(
        played.written,
        ElementsAre("EHLO a.example\r\n",
                    "MAIL FROM:<s@a.example>\r\nRCPT TO:<a@b>\r\nRCPT TO:<b@b>\r\nDATA\r\n"));
    EXPECT_EQ(played.verdict().of(0).fate, Fate::permanent);
    EXPECT_EQ(played.verdict().of(1).fate, Fate::relayed);
}

TEST(SmtpDialogue, AfterARefusedSenderThePipelinedRestMeansNothing)
{
    const Played no_data(errand(), {"220 x", hello, "550 5.1.8 who", "250 x", "503 what"});
    EXPECT_EQ(short_form(no_data.verdict()), "D 5.1.8");
    EXPECT_TRUE(no_data.dialogue.over());
    EXPECT_TRUE(no_data.verdict().recipients.empty());
    const Played with_data(errand(), {"220 x", hello, "451 who", "250 x", "354 go", "250 taken"});
    EXPECT_EQ(with_data.written.back(), ".\r\n");
    EXPECT_EQ(short_form(with_data.verdict()), "Z 4.3.0 +");
    EXPECT_TRUE(with_data.dialogue.over());
}

TEST(SmtpDialogue, WhenNobodyIsTakenOnlyTheDotIsSentAndItsReplyForgotten)
{
    const Played played(errand(), {"220 x", hello, "250 x", "550 no", "354 go", "250 taken"});
    EXPECT_EQ(played.written.back(), ".\r\n");
    EXPECT_EQ(short_form(played.verdict()), "D 5.1.1");
    EXPECT_TRUE(played.dialogue.may_say_quit());
}

TEST(SmtpDialogue, NoMoreIsSentAheadThanSocketsHold)
{
    std::vector<std::string> many(500, std::string(100, 'x') + "@b.example");
    Played played(errand(many), {"220 x", hello});
    EXPECT_LT(played.written.back().size(), 8192 + 200);
}

TEST(SmtpDialogue, OnlyWhatIsOfferedIsUsed)
{
    auto full = errand();
    full.size = 100;
    full.eight_bit = true;
    EXPECT_EQ(Played(full, {"220 x", "250-x\n250-size 1000\n250 8bitmime"}).written.back(),
              "MAIL FROM:<s@a.example> SIZE=100 BODY=8BITMIME\r\n");
    EXPECT_EQ(Played(full, {"220 x", "250-x\n250 size"}).written.back(),
              "MAIL FROM:<s@a.example> SIZE=100\r\n");
    EXPECT_EQ(Played(full, {"220 x", "250 x"}).written.back(), "MAIL FROM:<s@a.example>\r\n");
    EXPECT_EQ(short_form(Played(full, {"220 x", "250-x\n250 SIZE 99"}).verdict()), "D 5.3.4 +");
    full.unused = {"SIZE"};
    EXPECT_EQ(Played(full, {"220 x", "250-x\n250 SIZE 99"}).written.back(),
              "MAIL FROM:<s@a.example>\r\n");
    full.unused = {"EHLO"};
    EXPECT_EQ(Played(full, {"220 x"}).written.back(), "HELO a.example\r\n");
}

TEST(SmtpDialogue, WhoGreetsWithMyNameIsMe)
{
    auto by_mx = errand();
    by_mx.may_be_myself = true;
    EXPECT_EQ(short_form(Played(by_mx, {"220 x", "250 A.example at your service"}).verdict()),
              "D 5.4.6 +");
    EXPECT_EQ(short_form(Played(by_mx, {"220 x", "250 a.example.com"}).verdict()), "Z 4.0.0");
    EXPECT_FALSE(Played(errand(), {"220 x", "250 a.example"}).dialogue.over());
}

TEST(SmtpDialogue, StrangersTextIsMadeReadableAndCut)
{
    const Played played(errand(), {"554 a\r\tb\x1b\xff"});
    EXPECT_EQ(played.verdict().message.text,
              "Connected to 192.0.2.1 but greeting failed.\nRemote host said: 554 a?b??\n");
    const Played longer(errand(), {"554 " + std::string(20000, 'x')});
    EXPECT_LT(longer.verdict().message.text.size(), 5100u);
}

TEST(SmtpDialogue, AUsedConnectionBeginsWithMail)
{
    const SmtpSession used{{"PIPELINING"}, {}, 3};
    const Played played(SmtpDialogue(errand(), used), {"250 ok", "250 ok", "354 go", "250 kept"});
    EXPECT_THAT(played.written, ElementsAre("MAIL FROM:<s@a.example>\r\nRCPT TO:<r@b.example>\r\n"
                                            "DATA\r\n"));
    EXPECT_EQ(played.dialogue.verdict().message.fate, Fate::relayed);
    EXPECT_FALSE(played.dialogue.is_stale());
    EXPECT_TRUE(played.dialogue.may_go_on());
    EXPECT_EQ(played.dialogue.session().messages, 4u);
    EXPECT_TRUE(played.dialogue.session().offers.contains("PIPELINING"));
}

TEST(SmtpDialogue, AUsedConnectionThatDoesNotTakeMailIsLeftForAFreshOne)
{
    const SmtpSession used{{"PIPELINING"}, 10000, 3};
    for (const auto* reply :
         {"-", "421 closing", "452 too many messages", "503 again", "garbage"}) {
        const Played played(SmtpDialogue(errand(), used), {reply});
        EXPECT_TRUE(played.dialogue.over()) << reply;
        EXPECT_TRUE(played.dialogue.is_stale()) << reply;
        EXPECT_FALSE(played.dialogue.may_go_on()) << reply;
    }
    auto big = errand();
    big.size = 10001;
    EXPECT_TRUE(SmtpDialogue(big, used).is_stale());
}

TEST(SmtpDialogue, WhatHappensAfterMailCountsOnAUsedConnectionToo)
{
    const SmtpSession used{{}, {}, 3};
    for (const auto& replies : {std::vector<std::string>{"250 ok", "-"},
                                {"250 ok", "550 nobody"},
                                {"250 ok", "250 ok", "354 go", "-"},
                                {"250 ok", "250 ok", "354 go", "451 later"}}) {
        const Played played(SmtpDialogue(errand(), used), replies);
        EXPECT_TRUE(played.dialogue.over()) << replies.back();
        EXPECT_FALSE(played.dialogue.is_stale()) << replies.back();
        EXPECT_FALSE(played.dialogue.may_go_on()) << replies.back();
    }
}

TEST(SmtpDialogue, WhatWasAskedForGoesOnAndTheReportSaysSo)
{
    auto what = errand();
    what.requests = read_requests("envid=x notify=SUCCESS orcpt=rfc822;r@b");
    const Played played(what, {"220 b.example", "250-b.example\n250 DSN", "250 ok", "250 ok",
                               "354 go", "250 queued"});
    EXPECT_THAT(played.written, testing::Contains("MAIL FROM:<s@a.example> ENVID=x\r\n"));
    EXPECT_THAT(played.written, testing::Contains("RCPT TO:<r@b.example> NOTIFY=SUCCESS "
                                                  "ORCPT=rfc822;r@b\r\n"));
    EXPECT_THAT(
        played.dialogue.verdict().message.text,
        testing::StartsWith("192.0.2.1 accepted message.\ndsn passed on\nRemote host said: 250"));
}

TEST(SmtpDialogue, AHostThatCannotKeepAPromiseIsNotGivenTheMessage)
{
    auto what = errand();
    what.requests = read_requests("deliver-by=4000000000;R");
    for (const std::string offer : {"250 b.example", "250-b.example\n250 DELIVERBY 1000000000"}) {
        const Played played(what, {"220 b.example", offer});
        EXPECT_TRUE(played.dialogue.over());
        EXPECT_TRUE(played.dialogue.verdict().next_host);
        EXPECT_EQ(played.dialogue.verdict().message.status, "5.4.7");
    }
}

namespace {

Errand binary_errand(std::vector<std::string> recipients = {"r@b.example"})
{
    auto what = errand(std::move(recipients));
    what.requests = read_requests("body=BINARYMIME");
    what.binary = what.eight_bit = true;
    what.size = 300;
    return what;
}
const std::string chunking = "250-b.example\n250-PIPELINING\n250-BINARYMIME\n250 CHUNKING";

}

// RFC 3030.
TEST(SmtpDialogue, ABinaryMessageGoesAsOneChunkOnceSomebodyIsToHaveIt)
{
    Played played(binary_errand({"a@b", "c@b"}), {"220 x", chunking, "250 x", "250 x", "550 no"});
    auto& dialogue = played.dialogue;
    EXPECT_THAT(played.written, ElementsAre("EHLO a.example\r\n",
                                            "MAIL FROM:<s@a.example> BODY=BINARYMIME\r\n"
                                            "RCPT TO:<a@b>\r\nRCPT TO:<c@b>\r\n",
                                            "BDAT 300 LAST\r\n"));
    EXPECT_EQ(dialogue.chunk_size(), 300u);
    dialogue.take(Played::parsed("250 2.6.0 kept"), "250 2.6.0 kept\n");
    EXPECT_TRUE(dialogue.over());
    EXPECT_EQ(dialogue.verdict().of(0).fate, Fate::relayed);
    EXPECT_EQ(dialogue.verdict().of(1).fate, Fate::permanent);
}

TEST(SmtpDialogue, NobodyIsSentAChunkThatIsForNobody)
{
    const Played refused(binary_errand(), {"220 x", chunking, "250 x", "550 no"});
    EXPECT_TRUE(refused.dialogue.over());
    EXPECT_EQ(refused.written.size(), 2u);
    const Played unwanted(binary_errand(), {"220 x", chunking, "501 5.5.4 what", "503 no"});
    EXPECT_TRUE(unwanted.dialogue.over());
    EXPECT_EQ(unwanted.written.size(), 2u);
    EXPECT_EQ(short_form(unwanted.verdict()), "D 5.5.4");
}

TEST(SmtpDialogue, WithoutBothExtensionsABinaryMessageHasToFindAnotherHost)
{
    for (const std::string offer : {"250 x", "250-x\n250 CHUNKING", "250-x\n250 BINARYMIME"}) {
        const Played played(binary_errand(), {"220 x", offer});
        EXPECT_EQ(short_form(played.verdict()), "D 5.6.3 +") << offer;
        EXPECT_THAT(played.written, ElementsAre("EHLO a.example\r\n"));
    }
    auto switched_off = binary_errand();
    switched_off.unused = {"CHUNKING"};
    EXPECT_EQ(short_form(Played(switched_off, {"220 x", chunking}).verdict()), "D 5.6.3 +");
}

namespace {

struct Demanding : Played {
    static Errand errand_of(bool at_once)
    {
        auto what = errand();
        what.requests = read_requests("requiretls=1");
        what.requests.tls_demanded = true;
        what.tls = TlsLevel::verify;
        what.tls_at_once = at_once;
        what.host = "b.example";
        return what;
    }
    explicit Demanding(const std::vector<std::string>& replies) : Played(errand_of(false), replies)
    {
    }
    void go_on(const std::vector<std::string>& replies)
    {
        ASSERT_TRUE(dialogue.wants_tls());
        dialogue.tls_begins("TLSv1.3");
        for (const auto& reply : replies) {
            write();
            if (!dialogue.over()) hear(reply);
        }
        write();
    }
};
const std::string starttls = "250-b.example\n250-REQUIRETLS\n250 STARTTLS";

}

// RFC 8689 4.2.1: another host may do better; at the end it comes back.
TEST(SmtpDialogue, AMessageThatDemandsTlsGoesOnlyWhereItIsPromised)
{
    Demanding good({"220 x", starttls, "220 go"});
    good.go_on({"250-b.example\n250 REQUIRETLS", "250 ok", "250 ok", "354 go", "250 kept"});
    EXPECT_EQ(short_form(good.verdict()), "K 2.0.0");
    EXPECT_THAT(good.written, testing::Contains("MAIL FROM:<s@a.example> REQUIRETLS\r\n"));

    Demanding in_the_clear_only({"220 x", starttls, "220 go"});
    in_the_clear_only.go_on({"250 b.example"});
    EXPECT_EQ(short_form(in_the_clear_only.verdict()), "D 5.7.30 +");

    EXPECT_EQ(short_form(Demanding({"220 x", "250-b\n250 REQUIRETLS"}).verdict()), "D 5.7.10 +");
    EXPECT_EQ(short_form(Demanding({"220 x", starttls, "554 no"}).verdict()), "D 5.7.10 +");
    EXPECT_EQ(short_form(Demanding({"220 x", starttls, "454 later"}).verdict()), "Z 4.7.5 +");
    for (const bool for_good : {true, false}) {
        Demanding failing({"220 x", starttls, "220 go"});
        failing.dialogue.tls_fails("why", for_good);
        EXPECT_EQ(short_form(failing.verdict()), for_good ? "D 5.7.10 +" : "Z 4.7.5 +");
        EXPECT_FALSE(failing.dialogue.may_do_without_tls());
    }
}
