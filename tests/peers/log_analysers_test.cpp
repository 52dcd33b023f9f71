// What reads the log of qmail-send: Logwatch's modules, multilog's patterns, and the rules by which
// qmailanalog's matchup puts a log together. The same reader takes what was recorded of the
// original (tests/compat/send.txt), so it asks no more of ours.
#include "peers/peer.hpp"
#include "programs/pipeline.hpp"
#include "support/recorded.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

using namespace grapnel::test;
namespace fs = std::filesystem;

namespace {

// One pass over a log: each event must fit what came before it.
class Matchup {
public:
    explicit Matchup(bool ids_allowed) : ids_allowed_(ids_allowed) {}

    void read(const std::string& log)
    {
        std::istringstream lines(log);
        for (std::string line; std::getline(lines, line);)
            if (const auto trouble = take(line); !trouble.empty())
                ADD_FAILURE() << trouble << ": " << line;
    }

    std::size_t count(const std::string& event) const
    {
        const auto found = counts_.find(event);
        return found == counts_.end() ? 0 : found->second;
    }

private:
    using Match = std::smatch;

    // "" or what is wrong with the line.
    std::string take(const std::string& line)
    {
        static const std::regex new_msg("new msg ([0-9]+)"),
            info("info msg ([0-9]+): bytes ([0-9]+) from <(.*)> qp ([0-9]+) uid ([0-9]+)"),
            starting("starting delivery ([0-9]+): msg ([0-9]+) to (local|remote) (\\S+)"),
            delivery("delivery ([0-9]+): (success|failure|deferral): (\\S*)"),
            mangled("delivery ([0-9]+): report mangled, will defer"),
            status("status: local ([0-9]+)/([0-9]+) remote ([0-9]+)/([0-9]+)( exitasap)?"),
            bounce("bounce msg ([0-9]+) qp ([0-9]+)"),
            triple("triple bounce: discarding bounce/(.*)"), end("end msg ([0-9]+)"),
            id("id msg ([0-9]+): ([0-9a-f-]{36})"),
            other("status: exiting|running|(alert|warning): .+");
        Match m;
        if (std::regex_match(line, m, new_msg)) return seen("new", begin(m[1]));
        if (std::regex_match(line, m, info)) return seen("info", describe(m[1]));
        if (std::regex_match(line, m, starting)) return seen("starting", start(m));
        if (std::regex_match(line, m, delivery)) return seen(m[2], finish(m[1]));
        if (std::regex_match(line, m, mangled)) return seen("mangled", finish(m[1]));
        if (std::regex_match(line, m, status)) return seen("status", compare(m));
        if (std::regex_match(line, m, bounce)) return seen("bounce", known(m[1]));
        if (std::regex_match(line, m, triple)) return seen("triple", known(m[1]));
        if (std::regex_match(line, m, end)) return seen("end", finish_message(m[1]));
        if (std::regex_match(line, m, id) && ids_allowed_) return seen("id", known(m[1]));
        if (std::regex_match(line, other)) return seen("other", "");
        return "no form that is known";
    }

    std::string seen(const std::string& event, std::string trouble)
    {
        ++counts_[event];
        return trouble;
    }
    std::string begin(const std::string& message)
    {
        messages_.insert(message);
        return "";
    }
    std::string known(const std::string& message) const
    {
        return messages_.contains(message) || !strict_ ? "" : "no such message";
    }
    std::string describe(const std::string& message) const { return known(message); }
    std::string start(const Match& m)
    {
        if (running_.contains(m[1])) return "that delivery runs";
        running_[m[1]] = m[3];
        return known(m[2]);
    }
    std::string finish(const std::string& number)
    {
        return running_.erase(number) == 1 ? "" : "no such delivery";
    }
    std::string finish_message(const std::string& message)
    {
        const auto trouble = known(message);
        messages_.erase(message);
        return trouble;
    }
    std::string compare(const Match& m) const
    {
        std::size_t local = 0;
        for (const auto& [number, channel] : running_) local += channel == "local";
        return std::stoul(m[1]) == local && std::stoul(m[3]) == running_.size() - local
                   ? ""
                   : "not what runs";
    }

public:
    void messages_from_before() { strict_ = false; }

private:
    bool ids_allowed_, strict_ = true;
    std::set<std::string> messages_;
    std::map<std::string, std::string> running_;
    std::map<std::string, std::size_t> counts_;
};

}

// Mail of every fate: delivered, deferred, failed, bounced, bounced twice and thrice.
struct LogAnalysers : Pipeline {
    LogAnalysers()
    {
        home.control("doublebounceto", "nobody-there");
        dot_qmail("|echo not now; exit 111\n", "later");
        dot_qmail("|echo never; exit 100\n", "never");
        next_hop(far.route());
        Instance mta(home);
        SmtpClient client(mta.port());
        client.deliver("joe@here.example",
                       {"joe@here.example", "joe-never@here.example", "joe-later@here.example"},
                       a_message());
        client.deliver("joe@here.example", {"x@far.example"}, a_message());
        client.deliver("gone@here.example", {"joe-never@here.example"}, a_message());
        EXPECT_TRUE(mta.wait_for_log("triple bounce: ")) << mta.log();
        EXPECT_TRUE(wait_until([&] { return mta.log_count("\nend msg ") == 4; })) << mta.log();
        EXPECT_TRUE(mta.wait_for_log(": deferral: ")) << mta.log();
        EXPECT_TRUE(mta.stop());
        log = mta.log();
    }

    static bool has(const std::string& text, const std::string& part)
    {
        return text.find(part) != std::string::npos;
    }

    SmtpScript far;
    std::string log;
};

TEST_F(LogAnalysers, MatchupsRulesHold)
{
    Matchup matchup(true);
    matchup.read(log);
    EXPECT_EQ(matchup.count("new"), matchup.count("info"));
    EXPECT_EQ(matchup.count("starting"),
              matchup.count("success") + matchup.count("failure") + matchup.count("deferral"));
    EXPECT_EQ(matchup.count("triple"), 1u);
    EXPECT_EQ(matchup.count("bounce"), 2u);
    EXPECT_EQ(matchup.count("end"), 4u);
    EXPECT_EQ(matchup.count("id"), 3u) << log;
}

TEST(RecordedLogs, FollowMatchupsRules)
{
    std::size_t logs = 0;
    for (const auto& file : {"send.txt", "states.txt"})
        for (const auto& block : read_recorded(file)) {
            std::string log;
            for (const auto& piece : block.all("log")) log += piece;
            if (log.empty() || block.name().starts_with("recipients of odd bytes")) continue;
            log = std::regex_replace(log, std::regex("@(N|PID)([0-9]*)@"), "9$2");
            SCOPED_TRACE(block.name());
            Matchup matchup(false);
            matchup.messages_from_before();
            matchup.read(log);
            ++logs;
        }
    EXPECT_GT(logs, 150u);
}

// Its service's settings may say `*Remove = "id msg "`: then it is as if there were no names.
TEST_F(LogAnalysers, LogwatchCountsAndKnowsEveryLineButTheNames)
{
    const auto scripts = peer_file("usr/share/logwatch/scripts");
    SKIP_WITHOUT(scripts);
    const auto report = [&](const std::string& module, const std::string& first) {
        const auto done = run({.argv = {"sh", "-c", first + "exec perl \"$0\"", scripts + module},
                               .environment = {"PATH=/usr/bin:/bin", "qmail_high_detail=1",
                                               "threshold=0", "LOGWATCH_DETAIL_LEVEL=10"}},
                              log);
        EXPECT_EQ(done, 0) << done.errors;
        return done.output;
    };
    for (const std::string module : {"/services/qmail-send", "/services/qmail"}) {
        const auto said = report(module, "");
        for (const auto* line : {"\tjoe@here.example - ", "\tjoe-never@here.example - 2 Time(s)",
                                 "\tx@far.example - 1 Time(s)", "\tSuccess(250) - 1 Time(s)"})
            EXPECT_TRUE(has(said, line)) << line << " in\n" << said;
        const auto unmatched = said.find("**Unmatched Entries**\n");
        ASSERT_NE(unmatched, std::string::npos) << said;
        std::istringstream lines(said.substr(said.find('\n', unmatched) + 1));
        for (std::string line; std::getline(lines, line);)
            EXPECT_TRUE(line.starts_with("id msg ") || line.empty()) << line;
        EXPECT_FALSE(
            has(report(module, "perl " + scripts + "/shared/remove 'id msg ' | "), "**Unmatched"));
    }
    const auto said = report("/services/qmail", "");
    EXPECT_TRUE(has(said, "\tFailure(511) - 4 Time(s)")) << said;
    EXPECT_TRUE(has(said, "\tDeferral(443) - 1 Time(s)")) << said;
}

TEST_F(LogAnalysers, MultilogsPatternsChoose)
{
    const auto multilog = peer("multilog");
    SKIP_WITHOUT(multilog);
    const auto logged = [&](const std::string& patterns) {
        const TempDirectory directory;
        const auto done = run({.argv = {"sh", "-c", multilog + " " + patterns + " ./log"},
                               .environment = {"PATH=/usr/bin:/bin"},
                               .directory = directory.path()},
                              log);
        EXPECT_EQ(done, 0) << done.errors;
        return slurp(directory / "log/current");
    };
    EXPECT_EQ(logged(""), log);
    const auto troubles = logged("'-*' '+delivery *: failure: *' '+delivery *: deferral: *'");
    EXPECT_TRUE(has(troubles, ": deferral: not_now/\n")) << troubles;
    EXPECT_FALSE(has(troubles, "success")) << troubles;
    const auto classic = logged("'-id msg *: *' '-status: *'");
    EXPECT_FALSE(has(classic, "id msg ")) << classic;
    EXPECT_TRUE(has(classic, "starting delivery 1: msg ")) << classic;
    EXPECT_TRUE(logged("t").starts_with("@4000")) << logged("t");
}
