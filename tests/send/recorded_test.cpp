// qmail-send before everything that was recorded of the original in tests/compat/send.txt and
// states.txt, troubles.txt: log, commands, files, bounces, times, step by step.
#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "send/schedule.hpp"
#include "send/sending.hpp"
#include "support/placeholders.hpp"
#include "support/recorded.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <optional>
#include <set>

namespace grapnel::test {

namespace {

namespace fs = std::filesystem;
constexpr milliseconds soon{10000};

// Where we differ on purpose: tails of p records that are not ours bring a warning; a todo file
// that makes no sense stays as it is instead of becoming an info file that makes none
// (docs/compatibility.md).
const std::set<std::string> different{
    "no sender", "empty todo", "empty record", "unknown record", "D record in todo", "two senders",
    "p repeated after a recipient",
    // A message is tried before info, local and remote are made.
    "todo: local cannot be made", "todo: a directory is in the place of info",
    "todo: a directory is in the place of local",
    "todo is a directory",                   // "new msg" is not said of what cannot be read
    "remote is a directory, local is not",   // the order of two lines
    "double bounce: to empty",               // thrown away, as installations with the patch have it
};

class SendReplay {
public:
    explicit SendReplay(const Recorded& block) : block_(block) {}

    void compare()
    {
        home_.no_control("me");
        for (const auto& [name, bytes] : block_.pairs("control"))
            home_.write("control/" + name, bytes);
        make_queue_program();
        const auto& entries = block_.entries();
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const auto& [key, value] = entries[i];
            if (key == "left")
                i = compare_left(i);
            else if (key != "file" && key != "files")
                step(key, value);
            else
                i = compare_files(i);
            if (testing::Test::HasFailure()) {
                ADD_FAILURE() << "at " << key << ": " << visible(value);
                return;
            }
        }
    }

private:
    void step(const std::string& key, const std::string& value)
    {
        if (key == "todo") todo_ = value;
        if (key == "mess") lay(value);
        if (key == "put") put(value);
        if (key == "dir") fs::create_directory(home_ / ("queue/" + expand(value, known_)));
        if (key == "gone") fs::remove_all(home_ / ("queue/" + expand(value, known_)));
        if (key == "age") age(value);
        if (key == "start") start();
        if (key == "trigger") return wake();
        if (key == "control-now") change_control(value);
        if (key == "signal") send_signal(value);
        if (key == "close") sending_->hang_up(Channel::local);
        if (key == "log") compare_log(value);
        if (key == "command-local") compare_command(Channel::local, value);
        if (key == "command-remote") compare_command(Channel::remote, value);
        if (key == "answer-local") answer(Channel::local, value);
        if (key == "answer-remote") answer(Channel::remote, value);
        if (key == "message") compare_injected("message", value);
        if (key == "envelope") compare_injected("envelope", value);
        if (key == "next") compare_next(value);
        if (key == "exit") compare_exit(value);
    }

    static std::pair<std::string, std::string> split_at_equals(const std::string& text)
    {
        const auto equals = text.find('=');
        return {text.substr(0, equals), text.substr(equals + 1)};
    }

    void make_queue_program()
    {
        home_.write("stand-in",
                    "#!/bin/sh\nn=$(ls " + injected_.path() + " | grep -c message)\ncat >" +
                        injected_.path() + "/message$n\ncat <&1 >" + injected_.path() +
                        "/envelope$n\nexit " + std::to_string(block_.number("queue-exit")) + "\n",
                    0755);
    }

    // A message arrives: its mess, and its todo where one was given.
    void lay(const std::string& message)
    {
        const auto n = todo_ ? lay_todo(home_, *todo_, message, false) : lay_mess(home_, message);
        if (todo_) fs::create_hard_link(queue_path(home_, "todo", n), queue_path(home_, "intd", n));
        todo_.reset();
        const std::string suffix = ++messages_ == 1 ? "" : std::to_string(messages_);
        known_["N" + suffix] = std::to_string(n);
        known_["S" + suffix] = std::to_string(n % TempHome::default_split);
    }

    void put(const std::string& value)
    {
        const auto [name, bytes] = split_at_equals(value);
        home_.write("queue/" + expand(name, known_), bytes, 0600);
    }

    void age(const std::string& value)
    {
        const auto [name, seconds] = split_at_equals(value);
        set_age(home_ / ("queue/" + expand(name, known_)), std::time(nullptr) - std::stol(seconds));
        if (name.starts_with("info/")) age_ = std::stol(seconds);
    }

    void start()
    {
        SendingOptions options{.local_limit = 120, .remote_limit = 120};
        const auto limits = block_.value("limits", "120 120");
        const auto blank = limits.find(' ');
        options.local_limit = static_cast<unsigned char>(std::stoi(limits));
        options.remote_limit = static_cast<unsigned char>(std::stoi(limits.substr(blank)));
        options.environment = {"QMAILQUEUE=" + (home_ / "stand-in")};
        sending_.emplace(home_, options);
    }

    // Until the program sleeps again: what was sent to it before has been seen.
    void settle()
    {
        const std::string path = "/proc/" + std::to_string(sending_->process().pid()) + "/stat";
        wait_until(
            [&] {
                const auto text = slurp(path);
                const auto end = text.rfind(')');
                return end == std::string::npos || text.size() < end + 3 || text[end + 2] == 'S' ||
                       text[end + 2] == 'Z';
            },
            soon);
    }

    void wake()
    {
        settle();
        pull_trigger(home_);
    }

    void change_control(const std::string& value)
    {
        const auto [name, bytes] = split_at_equals(value);
        home_.write("control/" + name, bytes);
    }

    void send_signal(const std::string& name)
    {
        settle();
        // What nobody will deliver is cleaned away in passing.
        if (name == "TERM" && block_.has("left"))
            wait_until(
                [this] {
                    return std::ranges::includes(names(block_.all("left")), everything_left());
                },
                soon);
        sending_->process().kill(name == "TERM" ? SIGTERM : name == "HUP" ? SIGHUP : SIGALRM);
        settle();
    }

    void answer(Channel channel, const std::string& bytes)
    {
        settle();
        sending_->write_raw(channel, bytes);
    }

    void compare_log(const std::string& recorded)
    {
        std::string actual;
        for (auto count = std::count(recorded.begin(), recorded.end(), '\n'); count > 0; --count)
            actual += sending_->next_line(soon) + '\n';
        EXPECT_TRUE(matches(recorded, actual, known_)) << "recorded:\n"
                                                       << recorded << "actual:\n"
                                                       << actual;
    }

    void compare_command(Channel channel, const std::string& recorded)
    {
        const auto job = sending_->next_job(channel, soon);
        EXPECT_EQ(visible(job ? queue::encode(*job) : "(none)"), visible(expand(recorded, known_)));
    }

    void compare_injected(const std::string& key, const std::string& recorded)
    {
        const std::string path =
            injected_ / (key + std::to_string(key == "message" ? notices_ : notices_++));
        const std::string number = slurp(path);
        EXPECT_TRUE(wait_until([&] { return matches(recorded, slurp(path), known_); }, soon))
            << visible(slurp(path)) << "\nrecorded: " << visible(recorded);
    }

    // This and the following keys are all there is.
    std::size_t compare_files(std::size_t from)
    {
        std::set<std::string> wanted;
        const auto& entries = block_.entries();
        auto i = from;
        for (; i < entries.size() && entries[i].first == "file"; ++i)
            wanted.insert(visible(expand(entries[i].second, known_)));
        std::set<std::string> found;
        wait_until([&] { return (found = files()) == wanted; }, soon);
        EXPECT_EQ(found, wanted);
        return wanted.empty() ? from : i - 1;
    }

    // This and the following keys name every file of a message.
    std::size_t compare_left(std::size_t from)
    {
        const auto wanted = names(block_.all("left"));
        std::set<std::string> found;
        wait_until([&] { return (found = everything_left()) == wanted; }, soon);
        EXPECT_EQ(found, wanted);
        return from + block_.all("left").size() - 1;
    }

    std::set<std::string> names(const std::vector<std::string>& recorded) const
    {
        std::set<std::string> result;
        for (const auto& name : recorded)
            if (name != "none") result.insert(expand(name, known_));
        return result;
    }

    std::set<std::string> everything_left() const
    {
        const auto found = home_.queue_files();
        return {found.begin(), found.end()};
    }

    std::set<std::string> files() const
    {
        std::set<std::string> result;
        for (const auto& name : home_.queue_files())
            for (const auto* folder : {"info/", "local/", "remote/", "bounce/", "todo/"})
                if (name.starts_with(folder))
                    result.insert(visible(name + '=' + home_.read("queue/" + name)));
        return result;
    }

    void compare_next(const std::string& value)
    {
        const auto [name, seconds] = split_at_equals(value);
        const auto path = expand(name, known_);
        const auto info = "info" + path.substr(path.find('/'));
        const auto due = status_if_there(home_ / ("queue/" + path)),
                   birth = status_if_there(home_ / ("queue/" + info));
        ASSERT_TRUE(due && birth);
        // The message may have become older before it was tried.
        const auto born = birth->st_mtime;
        const auto channel = name.starts_with("local/") ? Channel::local : Channel::remote;
        EXPECT_EQ(send::next_attempt(born, born + age_, channel) - born, std::stol(seconds));
        EXPECT_GE(due->st_mtime - born, std::stol(seconds));
        EXPECT_LE(due->st_mtime, send::next_attempt(born, std::time(nullptr), channel));
    }

    void compare_exit(const std::string& value)
    {
        const auto ending = sending_->wait();
        ASSERT_TRUE(ending);
        EXPECT_EQ(ending->code, std::stoi(value));
        EXPECT_EQ(sending_->next_line(soon), "(none)");
        EXPECT_FALSE(sending_->next_job(Channel::local, milliseconds(0)));
        EXPECT_FALSE(sending_->next_job(Channel::remote, milliseconds(0)));
    }

    const Recorded& block_;
    TempHome home_;
    TempDirectory injected_;
    Known known_;
    std::optional<std::string> todo_;
    std::optional<Sending> sending_;
    std::time_t age_ = 0;   // of the message
    unsigned messages_ = 0, notices_ = 0;
};

void compare_slice(const std::string& file, std::size_t slice, std::size_t slices)
{
    const auto blocks = read_recorded(file);
    for (auto i = slice; i < blocks.size(); i += slices) {
        if (different.contains(blocks[i].name())) continue;
        SCOPED_TRACE(blocks[i].name());
        SendReplay(blocks[i]).compare();
        if (testing::Test::HasFailure()) return;
    }
}

class RecordedSend : public testing::TestWithParam<std::size_t> {};

// In slices, so that they can run side by side.
constexpr std::size_t slices = 8;

TEST_P(RecordedSend, IsWhatWeDo) { compare_slice("send.txt", GetParam(), slices); }

INSTANTIATE_TEST_SUITE_P(Slice, RecordedSend, testing::Range(std::size_t{0}, slices));

class StatesLeftBehind : public testing::TestWithParam<std::size_t> {};
constexpr std::size_t state_slices = 3;

TEST_P(StatesLeftBehind, AreTakenOverAsTheOriginalDoes)
{
    compare_slice("states.txt", GetParam(), state_slices);
}

INSTANTIATE_TEST_SUITE_P(Slice, StatesLeftBehind, testing::Range(std::size_t{0}, state_slices));

class QueuesInTrouble : public testing::TestWithParam<std::size_t> {};
constexpr std::size_t trouble_slices = 12;

TEST_P(QueuesInTrouble, AreSpokenOfAsByTheOriginal)
{
    compare_slice("troubles.txt", GetParam(), trouble_slices);
}

INSTANTIATE_TEST_SUITE_P(Slice, QueuesInTrouble, testing::Range(std::size_t{0}, trouble_slices));

}

}
