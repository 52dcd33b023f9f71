// qmail-quarantine: mail that is held is listed, shown, let go and deleted.
#include "queue/quarantine.hpp"

#include "queue/quarantine_list.hpp"
#include "queue/submit.hpp"

#include "base/sys/file.hpp"

#include <gtest/gtest.h>

#include <filesystem>

using namespace grapnel;
using namespace grapnel::test;
using namespace std::string_literals;

namespace {

const std::string first = "019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e5f",
                  second = "019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e60";

void hold(const TempHome& home, const std::string& id,
          const std::string& addresses = "Fa@b\0Tc@d\0"s)
{
    const auto records = "id=" + id + "\0received=1\0held=10-scan/two%20words\0"s;
    ASSERT_EQ(submit(home, {.envelope = addresses + '\0' + records + "0:notify=NEVER\0"s}).code, 0);
}

Finished quarantine(const TempHome& home, std::vector<std::string> words)
{
    words.insert(words.begin(), home.program("qmail-quarantine"));
    return run({.argv = std::move(words), .environment = home.environment()});
}

std::size_t files(const TempHome& home) { return list_directory(home / "queue/quarantine").size(); }

}

TEST(QmailQuarantine, ListsWhatIsHeld)
{
    const TempHome home;
    EXPECT_EQ(quarantine(home, {"list"}).output, "");
    EXPECT_EQ(quarantine(home, {"list", "--json"}).output, "[]\n");
    hold(home, second, "F\0Tc@d\0Te\"\n@f\0"s);
    hold(home, first);
    set_times(home / ("queue/quarantine/" + first + ".env"), 1000000000);
    set_times(home / ("queue/quarantine/" + second + ".env"), 1000000001);
    home.write("queue/quarantine/" + std::string(36, 'x') + ".env", "");
    home.write("queue/quarantine/019ac3f2-6f00-7b1e-8c3d-0a1b2c3d4e61.mess", "half a commit");
    const auto text = quarantine(home, {"list"});
    EXPECT_EQ(text.ending.code, 0);
    EXPECT_EQ(text.output,
              first + "  9 Sep 2001 01:46:40 -0000  15  <a@b>  to=<c@d>  by=10-scan  two words\n" +
                  second + "  9 Sep 2001 01:46:41 -0000  15  <>  to=2  by=10-scan  two words\n");
    EXPECT_EQ(
        quarantine(home, {"list", "--json"}).output,
        "[{\"id\":\"" + first +
            "\",\"since\":1000000000,\"bytes\":15,\"sender\":\"a@b\",\"recipients\":[\"c@d\"],"
            "\"scanner\":\"10-scan\",\"reason\":\"two words\"},\n{\"id\":\"" +
            second +
            "\",\"since\":1000000001,\"bytes\":15,\"sender\":\"\",\"recipients\":[\"c@d\","
            "\"e\\\"\\u000a@f\"],"
            "\"scanner\":\"10-scan\",\"reason\":\"two words\"}]\n");
}

TEST(QmailQuarantine, ShowsEnvelopeAndMessage)
{
    const TempHome home;
    hold(home, first);
    const auto shown = quarantine(home, {"show", first});
    EXPECT_EQ(shown.ending.code, 0);
    EXPECT_NE(shown.output.find("from <a@b>\nto <c@d>\n"), std::string::npos) << shown.output;
    EXPECT_NE(shown.output.find("record held=10-scan/two words\nrecord 0:notify=NEVER\n\n"),
              std::string::npos)
        << shown.output;
    EXPECT_TRUE(shown.output.ends_with("\n\nSubject: x\n\nhi\n"));
    EXPECT_EQ(files(home), 2u);
}

TEST(QmailQuarantine, WhatIsReleasedIsQueuedAsItWas)
{
    const TempHome home;
    hold(home, first);
    hold(home, second);
    EXPECT_EQ(quarantine(home, {"release", first}).ending.code, 0);
    EXPECT_EQ(files(home), 2u);
    EXPECT_EQ(queue_file(home, "mess"), "Subject: x\n\nhi\n");
    const auto todo = queue::decode_todo(queue_file(home, "todo"));
    ASSERT_TRUE(todo);
    EXPECT_EQ(todo->sender, "a@b");
    EXPECT_EQ(todo->recipients, std::vector<std::string>{"c@d"});
    EXPECT_EQ(*todo->extensions.message.find("id"), first);
    EXPECT_EQ(todo->extensions.message.find("held"), nullptr);
    EXPECT_EQ(*todo->extensions.recipients.at(0).find("notify"), "NEVER");
    const auto again = quarantine(home, {"release", first});
    EXPECT_EQ(again.ending.code, 100);
    EXPECT_EQ(again.errors, "qmail-quarantine: " + first + ": no such message is held\n");
}

TEST(QmailQuarantine, WhatTheQueueDoesNotTakeStays)
{
    const TempHome home;
    hold(home, first);
    hold(home, second);
    std::filesystem::rename(home / "queue/pid", home / "away");
    const auto refused = quarantine(home, {"release", first, second});
    EXPECT_EQ(refused.ending.code, 111);
    EXPECT_NE(refused.errors.find(second + ": not released: "), std::string::npos)
        << refused.errors;
    EXPECT_EQ(files(home), 4u);
    home.write("queue/quarantine/" + first + ".env", "F");
    EXPECT_EQ(quarantine(home, {"list"}).ending.code, 111);
    EXPECT_EQ(quarantine(home, {"release", first}).ending.code, 111);
    EXPECT_EQ(files(home), 4u);
}

TEST(QmailQuarantine, DeletesAndGoesOnBehindTrouble)
{
    const TempHome home;
    hold(home, first);
    const auto done = quarantine(home, {"delete", "../" + first, second, first});
    EXPECT_EQ(done.ending.code, 100);
    EXPECT_EQ(done.errors, "qmail-quarantine: ../" + first +
                               ": no such message is held\nqmail-quarantine: " + second +
                               ": no such message is held\n");
    EXPECT_EQ(files(home), 0u);
    EXPECT_EQ(home.queue_files(), std::vector<std::string>{});
}

TEST(QmailQuarantine, TakesNothingElse)
{
    const TempHome home;
    for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                  {"list", "all"},
                                                  {"show"},
                                                  {"release"},
                                                  {"delete"},
                                                  {"keep", first}})
        EXPECT_EQ(quarantine(home, words).ending.code, 100);
}

TEST(HeldMail, JsonHoldsWhateverOctetsThereAre)
{
    queue::HeldMail mail{first, 1, 2};
    const auto sender = [&](std::string text) {
        mail.envelope.sender = std::move(text);
        const auto json = queue::json_about(mail);
        const auto at = json.find("\"sender\":\"") + 10;
        return json.substr(at, json.find("\",\"recipients\"") - at);
    };
    EXPECT_EQ(sender("j\xc3\xb6\xe2\x82\xac\xf0\x9f\x90\x9f"),
              "j\xc3\xb6\xe2\x82\xac\xf0\x9f\x90\x9f");
    for (const auto* broken : {"\xc3", "\x80", "\xff"}) EXPECT_EQ(sender(broken), "\\ufffd");
    EXPECT_EQ(sender("\xc0\xafx"), "\\ufffd\\ufffdx");
    EXPECT_EQ(sender("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");
    EXPECT_EQ(sender("a\\\"\x7f\x01"), "a\\\\\\\"\\u007f\\u0001");
}
