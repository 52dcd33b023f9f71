// Forwarded mail under the Sender Rewriting Scheme: out as ours, bounces back to the sender.
#include "programs/pipeline.hpp"

#include "base/mail/srs.hpp"

#include <algorithm>
#include <ctime>

using namespace grapnel::test;

namespace {

class Rewriting : public Pipeline {
protected:
    Rewriting()
    {
        srs.domain = "srs.here.example";
        srs.secrets = {"hush"};
        home.control("srs_domain", srs.domain);
        home.control("srs_secrets", "hush");
        home.control("virtualdomains", "srs.here.example:srs");
        home.control("rcpthosts", "here.example\nsrs.here.example");
        spill(home / "alias/.qmail-srs-default", "| srsfilter\n", 0644);
        dot_qmail("&jim@far.example\n");
    }
    // The senders of what the far side was given.
    static std::vector<std::string> senders(const SmtpScript& far)
    {
        std::vector<std::string> result;
        for (const auto& session : far.sessions())
            for (const auto& command : session.commands)
                if (command.starts_with("MAIL FROM:<"))
                    result.push_back(command.substr(11, command.find('>') - 11));
        return result;
    }

    grapnel::Srs srs;
};

TEST_F(Rewriting, AForwardedMessageComesFromUs)
{
    SmtpScript far;
    next_hop(far.route());
    Instance mta(home);
    SmtpClient(mta.port()).deliver("ann@sender.example", {"joe@here.example"}, a_message());
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    const auto sender = senders(far).at(0);
    EXPECT_TRUE(sender.ends_with("=sender.example=ann@srs.here.example")) << sender;
    const auto behind = grapnel::srs_reverse(srs, sender, std::time(nullptr));
    ASSERT_TRUE(behind);
    EXPECT_EQ(*behind, "ann@sender.example");

    // Somebody far away bounces it.
    SmtpClient(mta.port()).deliver("", {sender}, a_message("failure notice"));
    ASSERT_TRUE(far.wait_for_messages(2)) << mta.log();
    const auto last = far.sessions().back().commands;
    EXPECT_TRUE(std::any_of(last.begin(), last.end(), [](const auto& command) {
        return command.starts_with("RCPT TO:<ann@sender.example>");
    }));
    EXPECT_EQ(senders(far).back(), "");
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
}

TEST_F(Rewriting, OurOwnBouncesGoStraightToTheSender)
{
    SmtpScript far({.rules = {{"RCPT TO:<jim@", "550 5.1.1 who?"}}});
    next_hop(far.route());
    Instance mta(home);
    SmtpClient(mta.port()).deliver("ann@sender.example", {"joe@here.example"}, a_message());
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    EXPECT_NE(far.messages()[0].find("\nTo: ann@sender.example\n"), std::string::npos)
        << far.messages()[0];
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
}

TEST_F(Rewriting, OurOwnSendersAndNullSendersStay)
{
    SmtpScript far;
    next_hop(far.route());
    Instance mta(home);
    SmtpClient(mta.port()).deliver("ann@here.example", {"joe@here.example"}, a_message());
    ASSERT_TRUE(far.wait_for_messages(1)) << mta.log();
    SmtpClient(mta.port()).deliver("", {"joe@here.example"}, a_message());
    ASSERT_TRUE(far.wait_for_messages(2)) << mta.log();
    EXPECT_EQ(senders(far), (std::vector<std::string>{"ann@here.example", ""}));
}

TEST_F(Rewriting, MailThatAProgramSendsOnComesFromUsToo)
{
    SmtpScript far;
    next_hop(far.route());
    dot_qmail("| qmail-inject -f \"$SENDER\" jim@far.example\n"
              "| QMAILINJECT_SKIP_SRS=1 qmail-inject -f \"$SENDER\" tom@far.example\n");
    Instance mta(home);
    SmtpClient(mta.port()).deliver("ann@sender.example", {"joe@here.example"}, a_message());
    ASSERT_TRUE(far.wait_for_messages(2)) << mta.log();
    const auto found = senders(far);
    EXPECT_EQ(std::count(found.begin(), found.end(), "ann@sender.example"), 1);
    EXPECT_EQ(std::count_if(found.begin(), found.end(),
                            [](const auto& sender) {
                                return sender.ends_with("=sender.example=ann@srs.here.example");
                            }),
              1);
    EXPECT_TRUE(mta.wait_until_empty()) << mta.log();
}

TEST_F(Rewriting, ForgedAddressesAreRefused)
{
    SmtpScript far;
    next_hop(far.route());
    home.control("doublebounceto", "joe");
    dot_qmail("./Maildir/\n");
    Instance mta(home);
    SmtpClient(mta.port())
        .deliver("", {"SRS0=AAAA=AA=sender.example=ann@srs.here.example"}, a_message());
    ASSERT_TRUE(wait_for_maildir(maildir, 1)) << mta.log();
    EXPECT_NE(maildir_messages(maildir)[0].find("that SRS address is not of ours (#5.1.1)"),
              std::string::npos)
        << maildir_messages(maildir)[0];
    EXPECT_TRUE(far.messages().empty());
}

TEST_F(Rewriting, WithoutItsSecretMailWaits)
{
    SmtpScript far;
    next_hop(far.route());
    Instance mta(home);
    home.no_control("srs_secrets");
    SmtpClient(mta.port()).deliver("ann@sender.example", {"joe@here.example"}, a_message());
    EXPECT_TRUE(mta.wait_for_log("deferral: Unable_to_rewrite_the_sender:_no_secret_in"))
        << mta.log();
}

}
