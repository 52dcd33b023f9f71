// SASL without SMTP around it: what each mechanism takes, and how passwords are kept. And what is
// done to the header of submitted messages.
#include "smtpd/sasl/mechanism.hpp"

#include "base/base64.hpp"
#include "base/net/digest.hpp"
#include "base/text.hpp"
#include "smtpd/fixup/header_fixer.hpp"
#include "smtpd/fixup/mailboxes.hpp"
#include "smtpd/sasl/prepare.hpp"
#include "smtpd/sasl/scram_keys.hpp"
#include "smtpd/scram_client.hpp"
#include "smtpd/usage.hpp"
#include "support/temp_home.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

using namespace grapnel;
using namespace grapnel::sasl;
using namespace std::string_literals;
using grapnel::test::ScramClient;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

TEST(SaslBase64, GoesBothWays)
{
    for (const auto& [bytes, text] : std::vector<std::pair<std::string, std::string>>{
             {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\0\xff\xfe"s, "AP/+"}}) {
        EXPECT_EQ(to_base64(bytes), text);
        EXPECT_EQ(from_base64(text), bytes);
    }
}

TEST(SaslBase64, TakesNothingElse)
{
    for (const auto* text : {"Z", "Zg", "Zg=", "Zg===", "Zm9v\n", "Zm 9",
                             "Zh==", "Zm9=", "====", "Z===", "Zg==Zg==", "Zm-_"})
        EXPECT_FALSE(from_base64(text)) << text;
}

Surroundings surroundings(const std::string& password = "pencil")
{
    Surroundings around;
    around.passwords = around.tokens = true;
    around.certified = "joe@here.example";
    around.keys = [password](std::string_view user) {
        return user == "user" ? keys_of(password, "0123456789abcdef", 4096)
                              : invented_keys(user, "secret", 4096);
    };
    return around;
}

Step::Kind kind_of(std::string_view mechanism, std::string_view response)
{
    return make_mechanism(mechanism, surroundings(), false)->take(response).kind;
}

TEST(Sasl, ReadsEachMechanismStrictly)
{
    using Kind = Step::Kind;
    struct Case {
        std::string mechanism, response;
        Kind kind;
    };
    const std::vector<Case> cases{
        {"PLAIN", "\0joe\0secret"s, Kind::check},
        {"plain", "joe\0joe\0secret"s, Kind::check},
        {"PLAIN", "ann\0joe\0secret"s, Kind::refused},
        {"PLAIN", "joe\0secret"s, Kind::malformed},
        {"PLAIN", "\0joe\0"s, Kind::malformed},
        {"PLAIN", "\0\0secret"s, Kind::malformed},
        {"PLAIN", "\0joe\0sec\0ret"s, Kind::malformed},
        {"PLAIN", "", Kind::malformed},
        {"PLAIN", '\0' + std::string(256, 'j') + "\0x"s, Kind::malformed},
        {"PLAIN", "\0jo\ne\0x"s, Kind::malformed},
        {"LOGIN", "joe", Kind::challenge},
        {"EXTERNAL", "", Kind::done},
        {"EXTERNAL", "joe@here.example", Kind::done},
        {"EXTERNAL", "ann@here.example", Kind::refused},
        {"XOAUTH2", "user=joe\1auth=Bearer abc\1\1", Kind::check},
        {"XOAUTH2", "user=joe\1auth=Bearer abc\1", Kind::malformed},
        {"XOAUTH2", "user=joe\1auth=Basic abc\1\1", Kind::malformed},
        {"XOAUTH2", "user=joe\1auth=Bearer a c\1\1", Kind::malformed},
        {"XOAUTH2", "user=\1auth=Bearer abc\1\1", Kind::malformed},
        {"OAUTHBEARER", "n,a=joe,\1host=h\1port=587\1auth=Bearer abc==\1\1", Kind::check},
        {"OAUTHBEARER", "y,a=joe,\1auth=bearer abc\1\1", Kind::check},
        {"OAUTHBEARER", "n,,\1auth=Bearer abc\1\1", Kind::malformed},
        {"OAUTHBEARER", "p=tls-exporter,a=joe,\1auth=Bearer abc\1\1", Kind::malformed},
        {"OAUTHBEARER", "n,a=joe,\1auth=Bearer abc\1auth=Bearer abd\1\1", Kind::malformed},
        {"OAUTHBEARER", "n,a=joe,\1auth=Bearer abc\1\1more", Kind::malformed},
        {"OAUTHBEARER", "n,a=joe,auth=Bearer abc\1\1", Kind::malformed},
        {"SCRAM-SHA-256", "n,,n=user,r=abc", Kind::challenge},
        {"SCRAM-SHA-256", "y,,n=user,r=abc", Kind::challenge},
        {"SCRAM-SHA-256", "n,a=user,n=user,r=abc", Kind::challenge},
        {"SCRAM-SHA-256", "n,a=other,n=user,r=abc", Kind::refused},
        {"SCRAM-SHA-256", "p=tls-exporter,,n=user,r=abc", Kind::refused},
        {"SCRAM-SHA-256", "n,,m=1,n=user,r=abc", Kind::malformed},
        {"SCRAM-SHA-256", "n,,n=us=er,r=abc", Kind::malformed},
        {"SCRAM-SHA-256", "n,,n=user", Kind::malformed},
        {"SCRAM-SHA-256", "n,,n=,r=abc", Kind::malformed},
        {"SCRAM-SHA-256", "n,,n=user,r=" + std::string(513, 'a'), Kind::malformed},
        {"SCRAM-SHA-256", "x,,n=user,r=abc", Kind::malformed},
    };
    for (const auto& [mechanism, response, kind] : cases)
        EXPECT_EQ(kind_of(mechanism, response), kind) << mechanism << ' ' << response;
}

TEST(Sasl, WhoIsRefusedByHisTokenIsToldWhyFirst)
{
    const auto mechanism = make_mechanism("OAUTHBEARER", surroundings(), false);
    ASSERT_EQ(mechanism->take("n,a=joe,\1auth=Bearer abc\1\1").kind, Step::Kind::check);
    const auto why = mechanism->judged(false, "joe");
    EXPECT_EQ(why.kind, Step::Kind::challenge);
    EXPECT_EQ(why.bytes, R"({"status":"invalid_token"})");
    EXPECT_EQ(mechanism->take("\1").kind, Step::Kind::refused);
}

TEST(Scram, BothProveThatTheyKnowThePassword)
{
    const auto server = make_mechanism("SCRAM-SHA-256", surroundings(), false);
    ScramClient client{"n,,", ""};
    const auto challenge = server->take(client.first());
    ASSERT_EQ(challenge.kind, Step::Kind::challenge);
    const auto proof = server->take(client.final(challenge.bytes, "pencil"));
    ASSERT_EQ(proof.kind, Step::Kind::challenge);
    EXPECT_EQ(proof.bytes, "v=" + to_base64(client.signature));
    const auto done = server->take("");
    EXPECT_EQ(done.kind, Step::Kind::done);
    EXPECT_EQ(done.user, "user");
}

Step::Kind final_kind(const Surroundings& around, const std::string& mechanism, bool plus,
                      ScramClient client, const std::string& password)
{
    const auto server = make_mechanism(mechanism, around, plus);
    const auto challenge = server->take(client.first());
    if (challenge.kind != Step::Kind::challenge) return challenge.kind;
    return server->take(client.final(challenge.bytes, password)).kind;
}

TEST(Scram, RefusesWhoDoesNotOrIsNotThere)
{
    EXPECT_EQ(final_kind(surroundings(), "SCRAM-SHA-256", false, {"n,,", ""}, "pencil2"),
              Step::Kind::refused);
    EXPECT_EQ(
        final_kind(surroundings(), "SCRAM-SHA-256", false, {"n,,", "", "n=nobody,r=abc"}, "pencil"),
        Step::Kind::refused);
}

TEST(Scram, BindsToTheConnectionWhereItIsAskedTo)
{
    auto around = surroundings();
    around.binding = [](std::string_view type) -> std::optional<std::string> {
        if (type == "tls-exporter") return "exported";
        return std::nullopt;
    };
    const std::string plus = "SCRAM-SHA-256-PLUS";
    EXPECT_THAT(offered({plus}, around), ElementsAre(plus));
    EXPECT_TRUE(offered({plus}, surroundings()).empty());
    EXPECT_EQ(final_kind(around, plus, true, {"p=tls-exporter,,", "exported"}, "pencil"),
              Step::Kind::challenge);
    EXPECT_EQ(final_kind(around, plus, true, {"p=tls-exporter,,", "another's"}, "pencil"),
              Step::Kind::refused);
    EXPECT_EQ(final_kind(around, plus, true, {"p=tls-server-end-point,,", "x"}, "pencil"),
              Step::Kind::refused);
    EXPECT_EQ(final_kind(around, plus, true, {"n,,", ""}, "pencil"), Step::Kind::refused);
    // Somebody has taken the mechanism out of what the client saw.
    EXPECT_EQ(final_kind(around, "SCRAM-SHA-256", true, {"y,,", ""}, "pencil"),
              Step::Kind::refused);
    EXPECT_EQ(final_kind(around, "SCRAM-SHA-256", true, {"n,,", ""}, "pencil"),
              Step::Kind::challenge);
}

// RFC 7677 3: the salt and the password of its example; the keys as PostgreSQL has them.
TEST(ScramKeys, AreThoseOfTheStandard)
{
    const auto keys = keys_of("pencil", *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
    const auto text = encode(keys);
    EXPECT_EQ(text, "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
                    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
                    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
    EXPECT_EQ(decode_keys(text), keys);
    EXPECT_TRUE(is_password(keys, "pencil"));
    EXPECT_FALSE(is_password(keys, "pencils"));
    for (std::size_t length = 0; length < text.size(); ++length)
        EXPECT_FALSE(decode_keys(text.substr(0, length))) << length;
}

TEST(ScramKeys, OfWhoDoesNotExistAreAlwaysTheSameAndFitNothing)
{
    const auto keys = invented_keys("nobody", "secret", 4096);
    EXPECT_EQ(keys, invented_keys("nobody", "secret", 4096));
    EXPECT_NE(keys.salt, invented_keys("somebody", "secret", 4096).salt);
    EXPECT_EQ(keys.salt.size(), new_keys("x", 4096).salt.size());
    EXPECT_FALSE(is_password(keys, "x"));
}

TEST(SaslPrepare, MakesNamesAndPasswordsOneForm)
{
    EXPECT_EQ(prepare_name("I\xc2\xadX"), "IX");   // RFC 4013 3
    EXPECT_EQ(prepare_name("\xc2\xaa"), "a");
    EXPECT_EQ(prepare_name("USER"), "USER");
    for (const auto& name : {"\x07"s,
                             "\xd8\xa7"
                             "1"s,
                             "\xff"s, ""s, std::string(256, 'a'), "a\0b"s})
        EXPECT_FALSE(prepare_name(name)) << name;
    EXPECT_EQ(prepare_password("\xe2\x85\xa8").view(), "IX");
    EXPECT_EQ(prepare_password("\xff").view(), "\xff");
}

TEST(Secret, LeavesNothingBehindWhereItWas)
{
    net::Secret secret("short");
    const auto* before = secret.view().data();
    net::Secret other(std::move(secret));
    EXPECT_EQ(other.view(), "short");
    EXPECT_EQ(std::string(before, 5), "\0\0\0\0\0"s);
}

std::vector<std::string> addresses(const std::string& text)
{
    std::vector<std::string> found;
    for (const auto& mailbox : smtpd::find_mailboxes(text)) found.push_back(mailbox.address);
    return found;
}

TEST(Mailboxes, AreFoundWhereverTheyStand)
{
    EXPECT_THAT(addresses(" a@b.example, \"C, D\" <c@d.example>,\n e (f@g, (h))"),
                ElementsAre("a@b.example", "c@d.example", "e"));
    EXPECT_THAT(addresses("Friends: a@b.example, <\"x y\"@c.example>;, d . e @ f . example"),
                ElementsAre("a@b.example", "\"x y\"@c.example", "d.e@f.example"));
    for (const auto* text : {"John Smith", "<>", "(a@b.example)", "undisclosed-recipients:;", "",
                             "\"open", "(open", "<open", "\\"})
        EXPECT_TRUE(addresses(text).empty()) << text;
}

TEST(Mailboxes, GetADomainWhereTheyHaveNone)
{
    EXPECT_EQ(smtpd::with_domains(" joe, Ann <ann>, b@c.example, \"A B\" (x) <\"q r\">,John Smith",
                                  "h.example"),
              " joe@h.example, Ann <ann@h.example>, b@c.example, \"A B\" (x) <\"q "
              "r\"@h.example>,John Smith");
}

std::string mended(const std::string& message, const std::string& words = "",
                   std::size_t piece = 1000)
{
    std::vector<std::string> unknown;
    smtpd::FixupFacts facts;
    facts.words = smtpd::FixupWords::parse(
        words.empty() ? std::nullopt : std::optional(std::vector{words}), unknown);
    EXPECT_TRUE(unknown.empty());
    facts.host = facts.id_host = "here.example";
    facts.id = "ID";
    facts.own = "joe@here.example";
    facts.is_his = [](std::string_view address) { return address == "news@here.example"; };
    smtpd::HeaderFixer fixer(std::move(facts));
    std::string out;
    for (std::size_t at = 0; at < message.size(); at += piece)
        fixer.take(std::string_view(message).substr(at, piece), out);
    return fixer.finish(out) ? out : "too long";
}

const std::string date = "Date: Thu, 1 Jan 1970 00:00:00 +0000\n",
                  id = "Message-ID: <ID@here.example>\n";

TEST(HeaderFixer, AddsWhatIsMissingAndTakesOutWhatIsNobodysBusiness)
{
    const std::string from = "From: Joe <joe>\n";
    EXPECT_EQ(mended(from +
                     "Bcc: x@y.example,\n z@y.example\nReturn-Path: <a@b>\nTo: ann\n\nBcc: body\n"),
              date + id + "From: Joe <joe@here.example>\nTo: ann@here.example\n\nBcc: body\n");
    const std::string whole = date + id + "From: news@here.example\n\nx\n";
    EXPECT_EQ(mended(whole), whole);
    EXPECT_EQ(mended("body only\n"), "Sender: <joe@here.example>\n" + date + id + "\nbody only\n");
    EXPECT_EQ(mended(""), "Sender: <joe@here.example>\n" + date + id + "\n");
}

TEST(HeaderFixer, SaysWhoItWasWhereFromDoesNot)
{
    const std::string sender = "Sender: <joe@here.example>\n";
    EXPECT_EQ(mended("From: ceo@big.example\n\n", "sender"), sender + "From: ceo@big.example\n\n");
    EXPECT_EQ(mended("From: joe@here.example, ann@here.example\n\n", "sender"),
              sender + "From: joe@here.example, ann@here.example\n\n");
    EXPECT_EQ(mended("From: ceo@big.example\nSender: ceo@big.example\n\n", "sender"),
              sender + "From: ceo@big.example\n\n");
    EXPECT_EQ(mended("From: ceo@big.example\nSender: news@here.example\n\n", "sender"),
              "From: ceo@big.example\nSender: news@here.example\n\n");
    EXPECT_EQ(mended("From: NEWS@here.example\n\n", "none"), "From: NEWS@here.example\n\n");
}

TEST(HeaderFixer, LeavesAloneWhatTheSubmitterHasSigned)
{
    const std::string signature =
        "DKIM-Signature: v=1; d=x.example; h=From:To: Date\n :Bcc; b=abc\n";
    EXPECT_EQ(mended(signature + "From: joe\nTo: ann\nBcc: x\nReturn-Path: <a>\nCc: bob\n\n",
                     "date message-id bcc return-path domains"),
              id + signature + "From: joe\nTo: ann\nBcc: x\nCc: bob@here.example\n\n");
}

TEST(HeaderFixer, FoldsLinesThatAreTooLong)
{
    std::string to = "To: ", subject = "Subject:", folded;
    for (int i = 0; i < 100; ++i) to += (i > 0 ? "," : "") + ("user@" + std::string(10, 'x'));
    for (int i = 0; i < 200; ++i) subject += " word";
    const auto got =
        mended(to + "\nReceived:" + std::string(1000, ' ') + "x\n" + subject + "\n\nx\n", "fold");
    for (const auto line : split(got, '\n'))
        EXPECT_TRUE(line.size() <= 78 || line.starts_with("Received:")) << line;
    std::string unfolded = got;
    for (auto at = unfolded.find("\n "); at != std::string::npos; at = unfolded.find("\n "))
        unfolded.erase(at, 1);
    EXPECT_THAT(unfolded, HasSubstr(subject + "\n\nx\n"));
    std::erase(unfolded, ' ');
    std::erase(to, ' ');
    EXPECT_THAT(unfolded, StartsWith(to + "\nReceived:"));
    const std::string one_word = "X: " + std::string(2000, 'x') + "\n\n";
    EXPECT_THAT(mended(one_word, "fold"), HasSubstr(std::string(2000, 'x') + "\n\n"));
    const std::string name =
        "To: \"" + std::string(500, ',') + "\" (" + std::string(500, ',') + ")";
    EXPECT_THAT(mended(name + " <a@b.example>\n\n", "fold"), HasSubstr(std::string(500, ',')));
    const std::string is_signed = "DKIM-Signature: h=subject\n";
    EXPECT_EQ(mended(is_signed + subject + "\n\n", "fold"), is_signed + subject + "\n\n");
}

TEST(HeaderFixer, SaysWhatATextBeyondAsciiIs)
{
    const std::string version = "MIME-Version: 1.0\n",
                      encoding = "Content-Transfer-Encoding: 8bit\n", latin = "\n\xe9t\xe9\n",
                      utf8 = "\n\xc3\xa9t\xc3\xa9\n",
                      type = "Content-Type: ", html = type + "text/html\n", a = "A: b\n";
    const auto fixed = [](const std::string& text) { return mended(text, "mime"); };
    EXPECT_EQ(fixed(a + utf8),
              version + type + "text/plain; charset=utf-8\n" + encoding + a + utf8);
    EXPECT_EQ(fixed(a + latin),
              version + type + "text/plain; charset=unknown-8bit\n" + encoding + a + latin);
    EXPECT_EQ(fixed(html + latin), version + encoding + html + latin);
    EXPECT_EQ(fixed(version + html + utf8), encoding + version + html + utf8);
    EXPECT_EQ(fixed(html + "\nascii\n"), version + html + "\nascii\n");
    for (const auto& whole :
         {a + "\nascii\n", version + html + "\nascii\n", version + html + encoding + latin,
          "Subject: \xc3\xa9\n\nascii\n"s, "DKIM-Signature: h=content-type\n" + utf8})
        EXPECT_EQ(fixed(whole), whole);
    EXPECT_EQ(mended(a + utf8, "none"), a + utf8);
    const std::string late = "\n" + std::string(70000, 'x') + utf8;   // nobody looks that far
    EXPECT_EQ(fixed(a + late), a + late);
    const std::string split_character = "\n" + std::string(65535, 'x') + utf8.substr(1);
    EXPECT_THAT(fixed(a + split_character), HasSubstr("charset=utf-8\n"));
}

TEST(HeaderFixer, DoesTheSameInAnyPieces)
{
    const std::string message = "From: ceo\nBcc: x\n\t y\nSubject: z\n\nbody\n\nm\xc3\xb6re\n";
    for (std::size_t piece = 1; piece < message.size(); ++piece)
        EXPECT_EQ(mended(message, "", piece), mended(message)) << piece;
}

TEST(HeaderFixer, HoldsNoMoreThanItsLimit)
{
    std::string many;
    for (int i = 0; i < 3000; ++i) many += "X-Field: 0123456789012345678901234567890123456789\n";
    EXPECT_EQ(mended(many + "\nx\n"), "too long");
    EXPECT_EQ(mended("X: " + std::string(200000, 'x') + "\n\nx\n"), "too long");
    EXPECT_THAT(mended("Subject: x\n\n" + std::string(300000, 'x')),
                HasSubstr(std::string(300000, 'x')));
}

TEST(Usage, CountsByTheHourAndForAllWhoShareTheFile)
{
    const test::TempDirectory directory;
    std::string why;
    auto one = smtpd::Usage::open(directory / "usage", why),
         other = smtpd::Usage::open(directory / "usage", why);
    ASSERT_TRUE(one && other) << why;
    EXPECT_TRUE(one->use("messages", "joe", 2, 3, 1000));
    EXPECT_TRUE(other->use("messages", "joe", 1, 3, 2000));
    EXPECT_FALSE(one->use("messages", "joe", 1, 3, 4599));
    EXPECT_EQ(other->used("messages", "joe", 4599), 3u);
    EXPECT_EQ(other->left_of_hour("messages", "joe", 4599), 1u);
    EXPECT_EQ(one->used("recipients", "joe", 4599), 0u);
    EXPECT_EQ(one->used("messages", "ann", 4599), 0u);
    EXPECT_TRUE(one->use("messages", "joe", 1, 3, 4600));   // the next hour
    EXPECT_EQ(other->used("messages", "joe", 4600), 1u);
    EXPECT_EQ(other->used("messages", "joe", 10), 0u);   // the clock was set back
    EXPECT_FALSE(one->use("messages", "bob", 5, 3, 1000));
}

TEST(Usage, LosesNothingBetweenProcesses)
{
    const test::TempDirectory directory;
    std::string why;
    auto usage = smtpd::Usage::open(directory / "usage", why);
    ASSERT_TRUE(usage) << why;
    usage->use("messages", "joe", 1, 0, 1000);   // has its place
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            std::string trouble;
            auto his = smtpd::Usage::open(directory / "usage", trouble);
            for (int j = 0; his && j < 1000; ++j) his->use("messages", "joe", 1, 0, 1001);
            ::_exit(his ? 0 : 1);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(usage->used("messages", "joe", 1002), 4001u);
}

TEST(Usage, IsBoundedAndSurvivesWhatItCannotRead)
{
    const test::TempDirectory directory;
    test::spill(directory / "usage", "something else", 0600);
    std::string why;
    auto usage = smtpd::Usage::open(directory / "usage", why);
    ASSERT_TRUE(usage) << why;
    for (int i = 0; i < 50000; ++i)
        EXPECT_TRUE(usage->use("messages", std::to_string(i), 1, 1, 1000));
    EXPECT_LT(test::slurp(directory / "usage").size(), 1u << 20);
    EXPECT_FALSE(smtpd::Usage::open(directory / "nowhere/usage", why));
    EXPECT_THAT(why, HasSubstr("nowhere"));
}

}
