#include "inject/compose.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace grapnel;
using namespace grapnel::inject;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr Composer::Moment moment{1000000000, 42};   // 9 Sep 2001 01:46:40

struct Composed {
    Composition composition;
    std::string failure;
};

Composed compose(const std::vector<std::string>& fields, Options options = {},
                 const NameSet& lists = {})
{
    if (options.user == "anonymous") options.user = options.envelope_user = "skua";
    Composer composer(options, Completion::make({"gull.example", "example", "example", ""}).value(),
                      "id.example", lists, moment);
    if (auto done = composer.take_arguments(); !done) return {{}, done.error().text};
    for (const auto& field : fields)
        if (auto done = composer.add_field(field); !done) return {{}, done.error().text};
    auto finished = composer.finish();
    return finished ? Composed{*finished, {}} : Composed{{}, finished.error().text};
}

}

TEST(Compose, AddsWhatIsMissingOnTop)
{
    const auto whole = compose({"To: a@b.example\n", "Subject: x\n y\n"}).composition;
    EXPECT_EQ(whole.header, "Date: 9 Sep 2001 01:46:40 -0000\n"
                            "Message-ID: <20010909014640.42.qmail@id.example>\n"
                            "From: skua@gull.example\n"
                            "To: a@b.example\nSubject: x\n y\n");
    EXPECT_EQ(whole.sender, "skua@gull.example");
    EXPECT_THAT(whole.recipients, ElementsAre("a@b.example"));
}

TEST(Compose, AddsNothingThatIsThere)
{
    const std::vector<std::string> fields{"Date: 1\n", "Message-ID: 2\n", "From: f@x.example\n",
                                          "Cc: c@x.example\n"};
    EXPECT_EQ(compose(fields).composition.header,
              "Date: 1\nMessage-ID: 2\nFrom: f@x.example\nCc: c@x.example\n");
    EXPECT_THAT(compose({}).composition.header, HasSubstr("\nCc: recipient list not shown: ;\n"));
}

TEST(Compose, SecretAndObsoleteFieldsAreRemoved)
{
    const auto whole =
        compose({"To: a@x.example\n", "Bcc: b@x.example\n", "Return-Path: <r@x.example>\n",
                 "Content-Length: 4\n", "Resent-Bcc: c@x.example\n"})
            .composition;
    for (const auto* gone : {"Bcc", "Return-Path", "Content-Length"})
        EXPECT_THAT(whole.header, Not(HasSubstr(gone)));
    EXPECT_EQ(whole.sender, "r@x.example");
    EXPECT_THAT(whole.recipients, ElementsAre("c@x.example"));
}

TEST(Compose, RecipientsComeFromWhereTheyShould)
{
    Options options;
    options.recipients = {"arg@x.example"};
    const std::vector<std::string> fields{"To: a@x.example, b@x.example\n", "Cc: c@x.example\n"};
    EXPECT_THAT(compose(fields, options).composition.recipients, ElementsAre("arg@x.example"));
    options.recipients_from = RecipientsFrom::both;
    EXPECT_THAT(compose(fields, options).composition.recipients,
                ElementsAre("arg@x.example", "b@x.example", "a@x.example", "c@x.example"));
    options.recipients_from = RecipientsFrom::header;
    EXPECT_THAT(compose(fields, options).composition.recipients,
                ElementsAre("b@x.example", "a@x.example", "c@x.example"));
    options.recipients_from = RecipientsFrom::arguments;
    options.recipients.clear();
    EXPECT_TRUE(compose(fields, options).composition.recipients.empty());
}

TEST(Compose, AResentMessageGetsResentFields)
{
    const auto whole = compose({"Resent-To: r@x.example\n", "To: a@x.example\n"}).composition;
    EXPECT_THAT(whole.header, HasSubstr("Resent-Date: "));
    EXPECT_THAT(whole.header, HasSubstr("Resent-From: skua@gull.example\n"));
    EXPECT_THAT(whole.header, Not(HasSubstr("\nDate: ")));
    EXPECT_THAT(whole.recipients, ElementsAre("r@x.example"));
}

TEST(Compose, SendersForVerp)
{
    Options options;
    options.verp_per_message = true;
    EXPECT_EQ(compose({}, options).composition.sender, "skua-1000000000.42@gull.example");
    options.verp_per_recipient = true;
    EXPECT_EQ(compose({}, options).composition.sender, "skua-1000000000.42-@gull.example-@[]");
    EXPECT_EQ(compose({"Return-Path: <r@x.example>\n"}, options).composition.sender,
              "r@x.example-@[]");
    options.senders = {"s@x.example"};
    EXPECT_EQ(compose({"Return-Path: <r@x.example>\n"}, options).composition.sender, "s@x.example");
}

TEST(Compose, NamesTheAuthor)
{
    Options options;
    options.full_name = "Doe, \"J\"";
    EXPECT_THAT(compose({}, options).composition.header,
                HasSubstr("From: \"Doe, \\\"J\\\"\" <skua@gull.example>\n"));
    options.name_as_comment = true;
    EXPECT_THAT(compose({}, options).composition.header,
                HasSubstr("From: skua@gull.example (Doe, \\\"J\\\")\n"));
}

TEST(Compose, UnparsableFields)
{
    EXPECT_EQ(compose({"From: (abc\n"}).failure, "unable to parse this line:\nFrom: (abc\n");
    const auto kept = compose({"To: (abc\n"}).composition;
    EXPECT_THAT(kept.header, HasSubstr("To: (abc\n"));
    EXPECT_TRUE(kept.recipients.empty());
    Options options;
    options.recipients = {"x@(y"};
    EXPECT_EQ(compose({}, options).failure, "unable to parse address: x@(y\n");
}

TEST(Compose, AnswersGoToTheList)
{
    const NameSet lists({"list@x.example"});
    const auto header =
        compose({"To: List@x.example, a@b.example\n"}, {}, lists).composition.header;
    EXPECT_THAT(header, HasSubstr("Mail-Followup-To: List@x.example,\n  a@b.example\n"));
    EXPECT_THAT(compose({"To: a@b.example\n"}, {}, lists).composition.header,
                Not(HasSubstr("Followup")));
}

TEST(Compose, MailboxLinesAndLastLines)
{
    EXPECT_THAT(compose({"From x y\n", "To: a@b.example"}).composition.header,
                HasSubstr("MBOX-Line: From x y\nTo: a@b.example\n"));
}
