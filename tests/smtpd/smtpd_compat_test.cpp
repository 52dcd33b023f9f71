// qmail-smtpd with the word "qmail" before the recorded dialogues of the original:
// tests/compat/smtpd.txt.
#include "inject/capture.hpp"
#include "support/placeholders.hpp"
#include "support/recorded.hpp"

#include <gtest/gtest.h>

#include <set>

using namespace grapnel::test;

namespace {

// Where we differ on purpose; docs/compatibility.md says why.
const std::set<std::string> deliberate = {
    "long command",                          // a line of any length would be memory of any size
    "queue program exits 82 Kfine",          // a text that is neither D nor Z is nobody's word
    "queue program exits 82 550 own code",   // the same
    "queue program exits 82 Dtwo lines",     // nobody's text may end our reply's line
    "queue program exits 31 Dnot asked",   // the queue program's text counts with other codes, too
};

class Replay {
public:
    explicit Replay(const Recorded& block)
        : block_(block), capture_(block.number("queue-exit"), block.value("queue-text"))
    {
        home_.no_control("me");
        for (const auto& [name, text] : block.pairs("control"))
            spill(home_ / ("control/" + name), text);
        if (!block.has("morercpthosts")) return;
        spill(home_ / "control/morercpthosts", block.value("morercpthosts"));
        EXPECT_EQ(run({{home_.program("qmail-newmrh")}, home_.environment()}).ending.code, 0);
    }

    void run_and_compare()
    {
        std::vector<std::string> variables{"LAX=qmail", "LSAN_OPTIONS=detect_leaks=0"};
        for (const auto& variable : block_.all("env")) variables.push_back(variable);
        for (const auto& variable : capture_.environment()) variables.push_back(variable);
        Process server({{home_.program("qmail-smtpd")}, home_.environment(variables)});
        server.write(block_.value("stdin"));
        if (block_.has("stdin-stays-open"))
            wait_until([&] {
                server.wait_for_output("(never said)", milliseconds(20));
                return !server.running();
            });
        const auto ending = server.wait();
        ASSERT_TRUE(ending);
        EXPECT_EQ(ending->crashed ? -ending->code : ending->code, block_.number("exit"));
        expect_same(block_.value("stdout"), server.output());
        expect_queued();
    }

private:
    void expect_same(const std::string& recorded, const std::string& actual) const
    {
        const Known known{{"HELP", "notqmail home page: https://notqmail.org"},
                          {"QMAIL", home_.path()}};
        EXPECT_TRUE(matches(recorded, actual, known)) << "recorded:\n"
                                                      << visible(recorded) << "\nours:\n"
                                                      << visible(actual);
    }

    void expect_queued()
    {
        const auto messages = block_.all("message"), envelopes = block_.all("envelope");
        std::vector<Captured> seen;
        for (const auto& one : capture_.take())
            if (one.envelope.ends_with(std::string(2, '\0'))) seen.push_back(one);
        ASSERT_EQ(seen.size(), messages.size());
        for (std::size_t i = 0; i < seen.size(); ++i) {
            expect_same(messages[i], seen[i].message);
            expect_same(envelopes[i], seen[i].envelope);
        }
    }

    const Recorded& block_;
    TempHome home_;
    Capture capture_;
};

}

TEST(SmtpdCompat, WithTheWordQmailAnswersAsTheOriginalDid)
{
    for (const auto& block : read_recorded("smtpd.txt")) {
        if (deliberate.contains(block.name())) continue;
        SCOPED_TRACE(block.name());
        Replay(block).run_and_compare();
    }
}
