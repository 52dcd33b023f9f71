// The small programs round a message, as .qmail lines and users call them.
#include "inject/capture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

using namespace grapnel::test;
using testing::HasSubstr;
using testing::MatchesRegex;

namespace {

const std::string message = "Subject: x\n\nhello\n";

class Tools : public testing::Test {
protected:
    Ran run(std::vector<std::string> words, std::vector<std::string> variables = {},
            std::string_view input = message)
    {
        words[0] = home.program(words[0]);
        for (const auto& variable : capture.environment()) variables.push_back(variable);
        return run_program(home, words, variables, input, scratch.path());
    }
    void expect(const Ran& run, int code, const std::string& errors, const std::string& output = "")
    {
        EXPECT_EQ(run.outcome.ending.code, code);
        EXPECT_FALSE(run.outcome.ending.crashed);
        EXPECT_EQ(run.outcome.errors, errors);
        EXPECT_EQ(run.outcome.output, output);
    }

    TempHome home;
    TempDirectory scratch;
    Capture capture;
    const std::vector<std::string> delivery{
        "NEWSENDER=new@s.example", "SENDER=old@s.example", "DTLINE=Delivered-To: me\n",
        "RPLINE=Return-Path: <old@s.example>\n", "UFLINE=From old@s.example\n"};
};

}

TEST_F(Tools, ForwardQueuesFromTheNewSender)
{
    const auto done = run({"forward", "a@b.example", "c@d.example"}, delivery);
    EXPECT_EQ(done.outcome.ending.code, 0);
    EXPECT_THAT(done.outcome.errors, MatchesRegex("forward: qp [0-9]+\n"));
    const auto queued = capture.take();
    ASSERT_EQ(queued.size(), 1u);
    EXPECT_EQ(queued[0].message, "Delivered-To: me\n" + message);
    EXPECT_EQ(queued[0].envelope,
              std::string("Fnew@s.example\0Ta@b.example\0Tc@d.example\0\0", 42));
}

TEST_F(Tools, ForwardNeedsADelivery)
{
    expect(run({"forward", "a"}), 100, "forward: fatal: NEWSENDER not set\n");
    expect(run({"forward", "a"}, {"NEWSENDER=x"}), 100, "forward: fatal: DTLINE not set\n");
}

TEST_F(Tools, ForwardSaysWhatTheQueueSaid)
{
    capture.answer(31);
    expect(run({"forward", "a"}, delivery), 100,
           "forward: fatal: mail server permanently rejected message (#5.3.0)\n");
    capture.answer(53);
    expect(run({"forward", "a"}, delivery), 111,
           "forward: fatal: qq write error or disk full (#4.3.0)\n");
}

TEST_F(Tools, CondredirectRedirectsWhereTheProgramAgrees)
{
    spill(scratch / "message", message);
    const auto line = [&](const std::string& test) {
        return std::vector<std::string>{"condredirect", "a@b.example", "sh", "-c", test};
    };
    expect(run(line("exit 1"), delivery), 0, "");
    expect(run(line("exit 111"), delivery), 111, "condredirect: fatal: temporary child error\n");
    expect(run(line("kill -9 $$"), delivery), 111, "condredirect: fatal: child crashed\n");
    expect(run({"condredirect", "a"}, delivery), 100,
           "condredirect: usage: condredirect newaddress program [ arg ... ]\n");
    EXPECT_TRUE(capture.take().empty());
    // A pipe cannot be read twice; qmail-local gives a file.
    expect(run(line("exit 0"), delivery), 111,
           "condredirect: fatal: unable to rewind: unseekable descriptor\n");
    const auto yes = run_program(
        home,
        {"/bin/sh", "-c",
         home.program("condredirect") + " a@b.example grep -q hello < " + scratch / "message"},
        [&] {
            auto variables = delivery;
            for (const auto& variable : capture.environment()) variables.push_back(variable);
            return variables;
        }(),
        "");
    EXPECT_EQ(yes.outcome.ending.code, 99);
    EXPECT_THAT(yes.outcome.errors, MatchesRegex("condredirect: qp [0-9]+\n"));
    const auto queued = capture.take();
    ASSERT_EQ(queued.size(), 1u);
    EXPECT_EQ(queued[0].message, "Delivered-To: me\n" + message);
    EXPECT_THAT(queued[0].envelope, HasSubstr("Fold@s.example"));
}

TEST_F(Tools, BouncesayingAndExcept)
{
    expect(run({"bouncesaying", "no way"}), 100, "no way\n");
    expect(run({"bouncesaying", "no way", "true"}), 100, "no way\n");
    expect(run({"bouncesaying", "no way", "false"}), 0, "");
    expect(run({"bouncesaying", "no way", "/nonexistent"}), 0, "");
    expect(run({"bouncesaying"}), 100,
           "bouncesaying: usage: bouncesaying error [ program [ arg ... ] ]\n");
    expect(run({"except", "true"}), 100, "");
    expect(run({"except", "false"}), 0, "");
    expect(run({"except", "sh", "-c", "exit 111"}), 111, "except: fatal: temporary child error\n");
    expect(run({"except"}), 100, "except: usage: except program [ arg ... ]\n");
}

TEST_F(Tools, PrelinePutsTheLinesOnTop)
{
    const std::string uf = "From old@s.example\n", rp = "Return-Path: <old@s.example>\n",
                      dt = "Delivered-To: me\n";
    expect(run({"preline", "cat"}, delivery), 0, "", uf + rp + dt + message);
    expect(run({"preline", "-fd", "cat"}, delivery), 0, "", rp + message);
    expect(run({"preline", "-frd", "-F", "cat"}, delivery), 0, "", uf + message);
    expect(run({"preline", "sh", "-c", "exit 7"}, delivery), 7, "");
    expect(run({"preline", "cat"}), 100, "preline: usage: preline cmd [ arg ... ]\n");
    expect(run({"preline", "nosuchprogram"}, delivery), 100,
           "preline: fatal: unable to run nosuchprogram: file does not exist\n");
}

TEST_F(Tools, PrelineEndsAsItsProgramDoesEvenIfThatStopsReading)
{
    expect(run({"preline", "true"}, delivery, message + std::string(1 << 20, 'x')), 0, "");
}

TEST_F(Tools, PredateKnowsTheTimeZone)
{
    const auto dated = run({"predate", "cat"}, {"TZ=XYZ-5:30"});
    EXPECT_THAT(dated.outcome.output,
                MatchesRegex("Date: [0-9]+ [A-Z][a-z][a-z] [0-9]+ [0-9]+:[0-9]+:[0-9]+ \\+0530\n" +
                             message));
    EXPECT_THAT(run({"predate", "cat"}, {"TZ=XYZ+3:30"}).outcome.output, HasSubstr(" -0330\n"));
    expect(run({"predate", "sh", "-c", "cat >/dev/null; exit 9"}), 9, "");
    expect(run({"predate"}), 100, "predate: usage: predate child\n");
    expect(run({"predate", "nosuchprogram"}), 111,
           "predate: fatal: unable to run nosuchprogram: file does not exist\n");
}

TEST_F(Tools, MaildirmakeMakesPrivateDirectories)
{
    expect(run({"maildirmake", "box"}), 0, "");
    for (const auto* name : {"box", "box/tmp", "box/new", "box/cur"})
        EXPECT_EQ(std::filesystem::status(scratch / name).permissions(),
                  std::filesystem::perms::owner_all)
            << name;
    expect(run({"maildirmake", "box"}), 111,
           "maildirmake: fatal: unable to mkdir box: file already exists\n");
    expect(run({"maildirmake"}), 100, "maildirmake: usage: maildirmake name\n");
}

TEST_F(Tools, MailsubjAndDatemailSend)
{
    EXPECT_EQ(run({"mailsubj", "a \\n subject", "joe@a.example", "ann@a.example"}, {"USER=skua"},
                  "hello\n")
                  .outcome.ending.code,
              0);
    auto queued = capture.take();
    ASSERT_EQ(queued.size(), 1u);
    EXPECT_THAT(queued[0].message,
                HasSubstr("Subject: a \\n subject\nTo: joe@a.example, ann@a.example\n\nhello\n"));
    EXPECT_EQ(run({"datemail", "joe@a.example"}, {"USER=skua", "TZ=XYZ-5:30"}).outcome.ending.code,
              0);
    queued = capture.take();
    ASSERT_EQ(queued.size(), 1u);
    EXPECT_THAT(queued[0].message, HasSubstr(" +0530\nSubject: x\n"));
}
