#include "inject/options.hpp"

#include "inject/report_wishes.hpp"
#include "inject/sendmail_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::inject;
using testing::ElementsAre;

namespace {

Environment environment(const std::vector<std::pair<std::string, std::string>>& variables)
{
    Environment result;
    for (const auto& [name, value] : variables) result.set(name, value);
    return result;
}

SendmailOptions sendmail(std::vector<std::string> words)
{
    words.insert(words.begin(), "/usr/sbin/sendmail");
    return read_sendmail_options(words).value();
}

std::string refusal(std::vector<std::string> words)
{
    words.insert(words.begin(), "sendmail");
    const auto options = read_sendmail_options(words);
    return options ? "" : options.error().text;
}

using Action = SendmailOptions::Action;

}

TEST(InjectOptions, TheLastOneCounts)
{
    const auto options =
        read_options({"qmail-inject", "-nah", "-N", "-fs@t", "-f", "u", "x", "-n"}, {}).value();
    EXPECT_TRUE(options.queue);
    EXPECT_EQ(options.recipients_from, RecipientsFrom::header);
    EXPECT_THAT(options.senders, ElementsAre("s@t", "u"));
    EXPECT_THAT(options.recipients, ElementsAre("x", "-n"));
    EXPECT_FALSE(read_options({"qmail-inject", "-x"}, {}));
}

TEST(InjectOptions, VariablesHaveAnOrder)
{
    const auto options = read_options({"p"}, environment({{"USER", "u"},
                                                          {"MAILUSER", "m"},
                                                          {"MAILHOST", "mh"},
                                                          {"QMAILSUSER", "su"},
                                                          {"NAME", "n"},
                                                          {"MAILNAME", "mn"}}))
                             .value();
    EXPECT_EQ(options.user, "m");
    EXPECT_EQ(options.envelope_user, "su");
    EXPECT_EQ(options.host, "mh");
    EXPECT_EQ(options.envelope_host, "mh");
    EXPECT_EQ(options.full_name, "mn");
    EXPECT_EQ(read_options({"p"}, {}).value().user, "anonymous");
}

TEST(InjectOptions, ReportWishesThatAreNoneAreIgnored)
{
    const auto options =
        read_options({"p"}, environment({{notify_variable, "sometimes"}, {ret_variable, "HDRS"}}))
            .value();
    EXPECT_FALSE(options.notify);
    EXPECT_EQ(options.ret, "HDRS");
}

TEST(SendmailOptions, WhatCallersSay)
{
    // cron, mail, PHP, mutt, git send-email, msmtp's callers
    const auto cron = sendmail({"-FCronDaemon", "-i", "-B8BITMIME", "-oem", "-odi", "root"});
    EXPECT_EQ(cron.full_name, "CronDaemon");
    EXPECT_THAT(cron.recipients, ElementsAre("root"));
    EXPECT_TRUE(sendmail({"-t", "-i"}).recipients_from_header);
    const auto mutt = sendmail(
        {"-oem", "-oi", "-f", "me@x", "-N", "failure,delay", "-R", "hdrs", "--", "a@b", "-c"});
    EXPECT_EQ(mutt.sender, "me@x");
    EXPECT_EQ(mutt.notify, "failure,delay");
    EXPECT_EQ(mutt.ret, "hdrs");
    EXPECT_THAT(mutt.recipients, ElementsAre("a@b", "-c"));
    EXPECT_EQ(sendmail({"-r", "me@x", "a"}).sender, "me@x");
    for (const auto& words : std::vector<std::vector<std::string>>{{"-G", "a"},
                                                                   {"-U", "a"},
                                                                   {"-L", "tag", "a"},
                                                                   {"-Oopt=x", "a"},
                                                                   {"-Ac", "a"},
                                                                   {"-d", "a"},
                                                                   {"-d0.1", "a"},
                                                                   {"-n", "a"},
                                                                   {"-h", "3", "a"},
                                                                   {"-C", "f", "a"},
                                                                   {"-X", "f", "a"}})
        EXPECT_THAT(sendmail(words).recipients, ElementsAre("a"));
}

TEST(SendmailOptions, OtherActions)
{
    EXPECT_EQ(sendmail({"-bp", "-z"}).action, Action::print_queue);
    EXPECT_EQ(sendmail({"-bs"}).action, Action::smtp);
    EXPECT_EQ(read_sendmail_options({"/usr/bin/mailq"}).value().action, Action::print_queue);
    EXPECT_EQ(read_sendmail_options({"newaliases"}).value().action, Action::new_aliases);
    EXPECT_EQ(sendmail({"-q"}).action, Action::nothing);
    EXPECT_EQ(sendmail({"-q30m"}).action, Action::nothing);
    EXPECT_EQ(sendmail({"-q", "a"}).action, Action::inject);
    for (const auto* mode : {"-bd", "-bi", "-bt", "-bv"})
        EXPECT_THAT(refusal({mode}), testing::HasSubstr("usage")) << mode;
}

TEST(SendmailOptions, WishesMustMakeSense)
{
    EXPECT_EQ(refusal({"-N", "maybe"}), "sendmail: fatal: invalid value of -N: maybe");
    EXPECT_NE(refusal({"-R", "half"}), "");
    EXPECT_NE(refusal({"-V", "a b"}), "");
    EXPECT_TRUE(is_notify("NEVER"));
    EXPECT_TRUE(is_notify("Success,failure,DELAY"));
    EXPECT_FALSE(is_notify("never,delay"));
    EXPECT_FALSE(is_notify(""));
    EXPECT_TRUE(is_envelope_id("QQ314159+2B"));
    EXPECT_FALSE(is_envelope_id("a+2"));
    EXPECT_FALSE(is_envelope_id(std::string(101, 'a')));
}
