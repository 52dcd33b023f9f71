#include "remote/requests.hpp"

#include <gmock/gmock.h>

namespace grapnel::remote {
namespace {

using testing::HasSubstr;
const Offers all{"DSN", "DELIVERBY", "MT-PRIORITY", "SMTPUTF8", "RRVS"}, none{};

TEST(Requests, GoOnAsTheyCame)
{
    auto requests =
        read_requests("ret=HDRS envid=QQ+2B1 priority=3/5 deliver-by=1060;rt smtputf8=1 "
                      "notify=SUCCESS,DELAY orcpt=rfc822;Bob+2Bx@b rrvs=2014-04-03T23:01:00Z");
    requests.now = 1000;
    EXPECT_EQ(mail_parameters(requests, all), " RET=HDRS ENVID=QQ+2B1 BY=60;RT MT-PRIORITY=3");
    EXPECT_EQ(rcpt_parameters(requests, all),
              " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob+2Bx@b RRVS=2014-04-03T23:01:00Z");
    requests.needs_utf8 = true;
    EXPECT_THAT(mail_parameters(requests, all), HasSubstr(" SMTPUTF8"));
}

TEST(Requests, AreNotMadeOfWhoDoesNotOfferThemOrWhereNoneCame)
{
    const auto requests = read_requests("ret=HDRS notify=DELAY deliver-by=9;N");
    EXPECT_EQ(mail_parameters(requests, none) + rcpt_parameters(requests, none), "");
    EXPECT_EQ(mail_parameters(read_requests(""), all) + rcpt_parameters(read_requests(""), all),
              "");
}

TEST(Requests, OfWhatIsLateSayHowLate)
{
    auto requests = read_requests("deliver-by=100;N");
    requests.now = 160;
    EXPECT_EQ(mail_parameters(requests, all), " BY=-60;N");
}

TEST(Requests, ThatWouldEndACommandAreNotMade)
{
    const auto requests = read_requests(
        "envid=a%0D%0ADATA ret=FULL%20X=Y notify=NEVER%20ORCPT=x orcpt=" + std::string(600, 'x'));
    EXPECT_EQ(mail_parameters(requests, all), "");
    EXPECT_EQ(rcpt_parameters(requests, all), "");
    EXPECT_FALSE(passes_notices_on(requests, all));
}

TEST(Requests, NoticesArePassedOnToWhoGivesThem)
{
    EXPECT_TRUE(passes_notices_on(read_requests("notify=SUCCESS"), all));
    EXPECT_FALSE(passes_notices_on(read_requests("notify=SUCCESS"), none));
    EXPECT_FALSE(passes_notices_on(read_requests("orcpt=x"), all));
}

TEST(Requests, SilenceIsKeptByAnEmptySenderWhereTheOperatorWants)
{
    auto requests = read_requests("notify=never");
    EXPECT_FALSE(hides_sender(requests, none));
    requests.never_as_null = true;
    EXPECT_TRUE(hides_sender(requests, none));
    EXPECT_FALSE(hides_sender(requests, all));
}

TEST(Requests, WhatCannotBePromisedIsNotSent)
{
    const auto status = [](std::string_view records, bool utf8, const Offers& offers) {
        auto requests = read_requests(records);
        requests.needs_utf8 = utf8;
        const auto no = objection(requests, offers, "192.0.2.1");
        return no ? no->status : "";
    };
    EXPECT_EQ(status("requiretls=1", false, all), "") << "a wish";
    EXPECT_EQ(status("body=BinaryMIME", false, none), "5.6.3");
    EXPECT_EQ(status("body=BinaryMIME", false, {"CHUNKING"}), "5.6.3");
    EXPECT_EQ(status("body=BinaryMIME", false, {"BINARYMIME"}), "5.6.3") << "only by BDAT";
    EXPECT_EQ(status("body=BinaryMIME", false, {"CHUNKING", "BINARYMIME"}), "");
    EXPECT_EQ(status("body=8BITMIME", false, none), "");
    EXPECT_EQ(status("smtputf8=1", true, none), "5.6.9");
    EXPECT_EQ(status("smtputf8=1", true, all), "");
    EXPECT_EQ(status("smtputf8=1", false, none), "") << "it can do without";
    EXPECT_EQ(status("deliver-by=9;R", false, none), "5.4.7");
    EXPECT_EQ(status("deliver-by=9;R", false, all), "");
    EXPECT_EQ(status("deliver-by=9;N", false, none), "");
    EXPECT_EQ(status("", true, none), "");
}

TEST(Requests, OfAHostThatIsTooSlowAreNotMade)
{
    auto requests = read_requests("deliver-by=160;R");
    requests.now = 100;
    EXPECT_FALSE(objection(requests, all, "192.0.2.1", 60));
    const auto no = objection(requests, all, "192.0.2.1", 61);
    ASSERT_TRUE(no);
    EXPECT_EQ(no->status, "5.4.7");
    EXPECT_FALSE(objection(read_requests("deliver-by=160;N"), all, "192.0.2.1", 61));
}

TEST(Requests, AnOriginalRecipientIsInUtf8OnlyWhereTheMessageIs)
{
    auto requests = read_requests("smtputf8=1 orcpt=utf-8;j%C3%B6%F0%9F%98%80@x");
    EXPECT_EQ(rcpt_parameters(requests, all), " ORCPT=utf-8;j\\x{F6}\\x{1F600}@x");
    requests.needs_utf8 = true;
    EXPECT_EQ(rcpt_parameters(requests, all), " ORCPT=utf-8;j\xc3\xb6\xf0\x9f\x98\x80@x");
    EXPECT_EQ(rcpt_parameters(requests, {"DSN"}), " ORCPT=utf-8;j\\x{F6}\\x{1F600}@x");
    EXPECT_EQ(rcpt_parameters(read_requests("orcpt=utf-8;%F6"), all), "");
    EXPECT_EQ(rcpt_parameters(read_requests("orcpt=utf-8;%C3%B6%0D%0AX"), all), "");
}

TEST(Requests, AnInternationalAddressSaysSoWhoeverSentTheMessage)
{
    Requests requests;
    requests.international_address = requests.needs_utf8 = true;
    EXPECT_EQ(mail_parameters(requests, all), " SMTPUTF8");
    EXPECT_EQ(mail_parameters(requests, none), "");
    EXPECT_FALSE(objection(requests, none, "192.0.2.1")) << "as qmail does";
    requests.records.set("smtputf8", "1");
    EXPECT_EQ(objection(requests, none, "192.0.2.1")->status, "5.6.7");
}

// RFC 7293 5.1.1, 6.
TEST(Requests, WhoMustLookWhoseAMailboxIsIsGivenTheMessageOrNobody)
{
    const auto status = [](std::string_view rrvs, const Offers& offers) {
        const auto no = objection(read_requests("rrvs=" + std::string(rrvs)), offers, "192.0.2.1");
        return no ? no->status : "";
    };
    EXPECT_EQ(status("2014-04-03T23:01:00Z", none), "5.7.19");
    EXPECT_EQ(status("2014-04-03T23:01:00Z;R", none), "5.7.19");
    EXPECT_EQ(status("2014-04-03T23:01:00Z;c", none), "");
    EXPECT_EQ(status("2014-04-03T23:01:00Z", all), "");
    EXPECT_EQ(status("nonsense", none), "");
    EXPECT_EQ(rcpt_parameters(read_requests("rrvs=2014-04-03T23:01:00Z;c"), all),
              " RRVS=2014-04-03T23:01:00Z;c");
}

TEST(Requests, WhoReadsItInTheHeaderOnlyHasItThere)
{
    auto requests = read_requests("rrvs=2014-04-03T23:01:00Z;C");
    EXPECT_EQ(added_header(requests, none, "joe@b.example"), "");
    requests.field_is_read = true;
    EXPECT_EQ(added_header(requests, none, "joe@b.example"),
              "Require-Recipient-Valid-Since: joe@b.example; Thu, 3 Apr 2014 23:01:00 +0000\r\n");
    EXPECT_EQ(added_header(requests, all, "joe@b.example"), "");
    auto nothing_asked = read_requests("");
    nothing_asked.field_is_read = true;
    EXPECT_EQ(added_header(nothing_asked, none, "joe@b.example"), "");
}

TEST(Requests, WhatTheHeaderAsksIsAskedInTheEnvelopeWhereItCanBe)
{
    auto requests = read_requests("");
    requests.since_in_header = 1396566060;
    EXPECT_EQ(rcpt_parameters(requests, all), " RRVS=2014-04-03T23:01:00Z;C");
    EXPECT_EQ(rcpt_parameters(requests, none), "");
    requests.records.set("rrvs", "2000-01-01T00:00:00Z");
    EXPECT_EQ(rcpt_parameters(requests, all), " RRVS=2000-01-01T00:00:00Z");
}

}

// RFC 8689 4.2.1.
TEST(Requests, TlsAllTheWayIsDemandedOrWished)
{
    auto requests = read_requests("requiretls=1");
    EXPECT_EQ(mail_parameters(requests, {"REQUIRETLS"}), " REQUIRETLS");
    EXPECT_EQ(mail_parameters(requests, none), "");
    EXPECT_FALSE(objection(requests, none, "192.0.2.1"));
    requests.tls_demanded = true;
    EXPECT_FALSE(objection(requests, {"REQUIRETLS"}, "192.0.2.1"));
    EXPECT_EQ(objection(requests, all, "192.0.2.1")->status, "5.7.30");
}

}
