// qmail-queue before the recorded inputs of the original: tests/compat/queue.txt. In a sandbox what
// an ordinary user ran, and installed setuid, where that can be done, everything.
#include "queue/real_home.hpp"
#include "queue/submit.hpp"
#include "support/recorded.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "base/sys/file.hpp"

using namespace grapnel;
using namespace grapnel::test;

namespace {

// Bytes behind the envelope are extension records to us; these are none.
const std::set<std::string> other_bytes_behind = {"bytes after the end", "a lot after the end",
                                                  "newline after the end"};

class Replay {
public:
    Replay(const Recorded& block, const TempHome& home, unsigned uid)
        : block_(block), home_(home), uid_(uid)
    {
    }

    void run(Injection injection)
    {
        injection.message = block_.value("stdin");
        injection.envelope = block_.value("envelope-in");
        injection.stays_open = block_.has("open");
        if (block_.has("closed")) {
            const auto script = "exec \"$@\" " + block_.value("closed") + "<&-";
            for (const auto& word :
                 {std::string("sh"), std::string("-c"), script, std::string("sh")})
                injection.wrapper.push_back(word);
        }
        const std::string prefix = "no directory ";
        if (block_.name().starts_with(prefix)) {
            const auto folder = block_.name().substr(prefix.size());
            std::filesystem::rename(home_ / ((folder == "queue" ? "" : "queue/") + folder),
                                    home_ / "away");
        }
        const auto trigger =
            open_if_there(home_ / "queue/lock/trigger");   // opened without waiting
        const auto result = submit(home_, injection);
        EXPECT_EQ(result.code, block_.number("exit"));
        EXPECT_EQ(result.printed, "");
        if (block_.number("exit") == 0) return expect_queued(result, trigger->get());
        // The original leaves files after most failures; we never do.
        EXPECT_EQ(home_.queue_files(), std::vector<std::string>{});
    }

private:
    void expect_queued(const Submitted& result, int trigger)
    {
        const std::vector<std::pair<std::string, std::string>> numbers{
            {"(qmail " + std::to_string(result.pid), "(qmail @PID@"},
            {"p" + std::to_string(result.pid) + '\0', std::string("p@PID@\0", 7)},
            {"by uid " + std::to_string(uid_), "by uid @UID@"},
            {"u" + std::to_string(uid_) + '\0', std::string("u@UID@\0", 7)}};
        EXPECT_EQ(with_placeholders(queue_file(home_, "mess"), numbers), block_.value("mess"));
        EXPECT_EQ(with_placeholders(queue_file(home_, "todo"), numbers), block_.value("todo"));
        const auto number = only_file(home_, "todo").substr(5);
        EXPECT_TRUE(std::filesystem::equivalent(home_ / ("queue/todo/" + number),
                                                home_ / ("queue/intd/" + number)));
        std::string pulled(8, 'x');
        const auto count = ::read(trigger, pulled.data(), pulled.size());
        pulled.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        EXPECT_EQ(pulled, block_.value("trigger"));
    }

    const Recorded& block_;
    const TempHome& home_;
    unsigned uid_;
};

}

TEST(QueueCompat, AnswersAsTheOriginalDid)
{
    for (const auto& block : read_recorded("queue.txt")) {
        if (block.value("user") != "joe" || other_bytes_behind.contains(block.name())) continue;
        SCOPED_TRACE(block.name());
        const TempHome home;
        Replay(block, home, ::getuid()).run({});
    }
}

TEST(QueueCompat, InstalledSetuidItAnswersAsTheOriginalDid)
{
    if (const auto reason = RealHome::why_not(); !reason.empty()) GTEST_SKIP() << reason;
    for (const auto& block : read_recorded("queue.txt")) {
        if (block.has("open") || other_bytes_behind.contains(block.name())) continue;
        SCOPED_TRACE(block.name());
        const RealHome home;
        const auto user = block.value("user");
        Replay(block, home.home(), home.uid(user)).run({.wrapper = home.as(user), .real = true});
    }
}
