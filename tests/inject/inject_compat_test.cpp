// qmail-inject before the recorded inputs of the original: tests/compat/inject.txt.
#include "inject/capture.hpp"
#include "support/recorded.hpp"

#include <gtest/gtest.h>

#include <set>

using namespace grapnel::test;

namespace {

// Where we differ on purpose; docs/compatibility.md says why.
const std::set<std::string> deliberate = {
    "queue program exits 82 Knonsense",    // a text that is neither D nor Z is nobody's word
    "queue program exits 82 Dtrailing",    // one line end is enough
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
        for (const auto& [name, text] : block.pairs("file")) spill(scratch_ / name, text);
    }

    void as_given()
    {
        const auto run = inject(false);
        EXPECT_EQ(run.outcome.ending.code, block_.number("exit"));
        EXPECT_EQ(cleaned(run, run.outcome.output), block_.value("stdout"));
        EXPECT_EQ(cleaned(run, run.outcome.errors), block_.value("stderr"));
        expect_captured(run, block_.all("message"));
    }

    void twice()
    {
        const auto printed = inject(true);
        EXPECT_EQ(printed.outcome.ending.code, block_.number("exit"));
        EXPECT_EQ(cleaned(printed, printed.outcome.output), block_.value("stdout"));
        EXPECT_EQ(cleaned(printed, printed.outcome.errors), block_.value("stderr"));
        const auto queued = inject(false);
        EXPECT_EQ(queued.outcome.ending.code, block_.number("queued-exit", block_.number("exit")));
        EXPECT_EQ(cleaned(queued, queued.outcome.output), block_.value("queued-stdout"));
        EXPECT_EQ(cleaned(queued, queued.outcome.errors),
                  block_.value("queued-stderr", block_.value("stderr")));
        auto messages = block_.all("message");
        const auto whole = block_.value("stdout");
        if (messages.empty() && block_.has("envelope"))
            messages.push_back(whole.substr(whole.find('\n') + 1));
        expect_captured(queued, messages);
    }

private:
    Ran inject(bool print)
    {
        auto variables = capture_.environment();
        for (const auto& variable : block_.all("env"))
            variables.push_back(replace_all(variable, "@DIR@", scratch_.path()));
        std::vector<std::string> argv{home_.program("qmail-inject")};
        if (print) argv.emplace_back("-n");
        for (const auto& argument : block_.all("arg")) argv.push_back(argument);
        return run_program(home_, argv, variables, block_.value("stdin"));
    }
    std::string cleaned(const Ran& run, std::string text) const
    {
        return with_placeholders(std::move(text), {{"." + std::to_string(run.pid), ".@PID@"},
                                                   {home_.path(), "@QMAIL@"}});
    }
    void expect_captured(const Ran& run, const std::vector<std::string>& messages)
    {
        std::vector<std::string> seen, envelopes;
        for (const auto& one : capture_.take()) {
            seen.push_back(cleaned(run, one.message));
            envelopes.push_back(cleaned(run, one.envelope));
        }
        EXPECT_EQ(seen, messages);
        EXPECT_EQ(envelopes, block_.all("envelope"));
    }

    const Recorded& block_;
    TempHome home_;
    TempDirectory scratch_;
    Capture capture_;
};

}

TEST(InjectCompat, AnswersAsTheOriginalDid)
{
    for (const auto& block : read_recorded("inject.txt")) {
        if (deliberate.contains(block.name())) continue;
        SCOPED_TRACE(block.name());
        Replay replay(block);
        if (block.has("as-given"))
            replay.as_given();
        else
            replay.twice();
    }
}
