// qmail-qread, qmail-qstat, qmail-tcpto, qmail-tcpok and qmail-clean before the recorded
// inputs of tests/compat/tools.txt.
#include "base/sys/file.hpp"
#include "support/process.hpp"
#include "support/recorded.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <regex>
#include <set>

namespace grapnel::test {
namespace {

namespace fs = std::filesystem;

constexpr unsigned recorded_split = 23;
constexpr std::size_t table_size = 1024;   // queue/lock/tcpto

// Where we differ on purpose; docs/compatibility.md says why.
const std::set<std::string> deliberate = {
    "qmail-clean: letter",          // one x for a command that makes no sense, and nothing goes
    "qmail-clean: letter behind",   // the same
    "qmail-clean: two letters behind",   // the same
    "qmail-clean: slash in number",      // the same
};

const std::set<std::string> of_the_queue = {"qmail-qread", "qmail-qstat", "qmail-tcpto",
                                            "qmail-tcpok", "qmail-clean"};

class Replay {
public:
    explicit Replay(const Recorded& block) : block_(block)
    {
        for (const auto& [name, bytes] : block.pairs("queue")) lay(name, bytes);
        for (const auto& [name, when] : block.pairs("queue-time"))
            set_times(home_ / ("queue/" + name), when.starts_with('@')
                                                     ? std::stol(when.substr(1))
                                                     : std::time(nullptr) - std::stol(when));
        std::string table(table_size, '\0');
        for (const auto& [offset, bytes] : block.pairs("tcpto"))
            table.replace(std::stoul(offset), bytes.size(), bytes);
        home_.write("queue/lock/tcpto", table);
        for (const auto& name : home_.queue_files()) laid_.insert(name);
    }

    void compare()
    {
        const auto ran = run(
            {.argv = {home_.program(block_.value("program"))}, .environment = home_.environment()},
            block_.value("stdin"));
        EXPECT_EQ(ran.ending.code, block_.number("exit"));
        EXPECT_EQ(
            std::regex_replace(ran.output, std::regex("[0-9]+ seconds ago"), "@AGE@ seconds ago"),
            block_.value("stdout"));
        EXPECT_EQ(ran.errors, block_.value("stderr"));
        for (const auto& name : block_.all("gone")) EXPECT_EQ(laid_.erase(name), 1u) << name;
        const auto left = home_.queue_files();
        EXPECT_EQ((std::set<std::string>{left.begin(), left.end()}), laid_);
        if (block_.value("tcpto-after") == "all zero") {
            EXPECT_EQ(slurp(home_ / "queue/lock/tcpto"), std::string(table_size, '\0'));
        }
    }

private:
    void lay(const std::string& name, const std::string& bytes)
    {
        fs::create_directories(fs::path(home_ / ("queue/" + name)).parent_path());
        home_.write("queue/" + name, bytes);
    }

    const Recorded& block_;
    TempHome home_{recorded_split};
    std::set<std::string> laid_;
};

TEST(QueueToolsCompat, AnswerAsTheOriginalsDid)
{
    std::size_t compared = 0;
    for (const auto& block : read_recorded("tools.txt")) {
        // In a sandbox nobody is a stranger: what strangers are told is a test of the installed
        // form.
        if (!of_the_queue.contains(block.value("program")) || deliberate.contains(block.name()) ||
            block.name().ends_with(": ordinary user"))
            continue;
        SCOPED_TRACE(block.name());
        Replay(block).compare();
        ++compared;
    }
    EXPECT_GT(compared, 30u);
}

}
}
