// qmail-local before every recorded delivery of local.txt. Deliberate differences are named here.
#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "support/placeholders.hpp"
#include "support/process.hpp"
#include "support/recorded.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <regex>

namespace grapnel::test {

namespace {

namespace fs = std::filesystem;

constexpr uid_t somebody = 65534;   // deliveries are recorded as a user's: root may do too much

struct Seen {
    std::string content;
    unsigned mode = 0;
    bool operator==(const Seen&) const = default;
};
using Files = std::map<std::string, Seen>;

// Maildir names have a form of their own here (reliability of names, not compatibility, is their
// point).
std::string recorded_name(const std::string& name)
{
    static const std::regex ours("(new|tmp)/[0-9]+\\.M[0-9]+P[0-9]+Q[0-9]+\\.[^/]+");
    return std::regex_replace(name, ours, "$1/@TIME@.@PID@.@HOST@");
}

// Whoever owns a file may look into it, once he says so.
std::string content_of(const fs::path& path, unsigned mode)
{
    if (mode & S_IRUSR) return slurp(path);
    fs::permissions(path, fs::perms::owner_read, fs::perm_options::add);
    auto content = slurp(path);
    ::chmod(path.c_str(), mode);
    return content;
}

Files files_below(const std::string& root)
{
    Files files;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        struct stat about {};
        if (!entry.is_regular_file() || ::stat(entry.path().c_str(), &about) != 0) continue;
        const auto name = recorded_name(fs::relative(entry.path(), root).string());
        const auto mode = about.st_mode & 07777u;
        files[name] = {content_of(entry.path(), mode), mode};
    }
    return files;
}

unsigned octal(const std::string& text)
{
    return static_cast<unsigned>(std::stoul(text, nullptr, 8));
}

class Replay {
public:
    Replay(const TempHome& home, const Recorded& block)
        : home_(home),
          block_(block),
          known_{
              {"HOME", user_}, {"UID", std::to_string(somebody)}, {"GID", std::to_string(somebody)}}
    {
    }

    void compare()
    {
        lay_out();
        const Files before = files_below(user_);
        const Finished finished = deliver();
        EXPECT_EQ(finished.ending.crashed ? -finished.ending.code : finished.ending.code,
                  block_.number("exit"));
        expect("stdout", finished.output);
        expect("stderr", finished.errors);
        expect("message", slurp(queue_ / "message"));
        expect("envelope", slurp(queue_ / "envelope"));
        compare_files(before, files_below(user_));
    }

private:
    void lay_out()
    {
        make_directory(user_, 0755);
        for (const auto& name : block_.all("dir")) fs::create_directories(in_home(name));
        for (const auto& [name, content] : block_.pairs("file"))
            spill(in_home(name), expand(content, known_), 0600);
        for (const auto& [name, target] : block_.pairs("link"))
            fs::create_symlink(expand(target, known_), in_home(name));
        spill(message_ / "message", block_.value("stdin"));
        spill(queue_ / "text", block_.value("queue-text"));
        spill(queue_ / "program",
              "#!/bin/sh\ncd " + queue_.path() +
                  "\ncat >message\ncat <&1 >envelope\ncat text >&6\nexit " +
                  block_.value("queue-exit", "0") + "\n",
              0755);
        for (const auto* root : {&room_, &queue_}) give_away(root->path());
        for (const auto& [name, mode] : block_.pairs("mode"))
            ASSERT_EQ(::chmod((in_home(name)).c_str(), octal(mode)), 0) << name;
    }

    std::string in_home(const std::string& name) const { return user_ + '/' + name; }

    static void give_away(const std::string& root)
    {
        if (::geteuid() != 0) return;
        const auto give = [](const std::string& path) {
            ASSERT_EQ(::lchown(path.c_str(), somebody, somebody), 0);
        };
        for (const auto& entry : fs::recursive_directory_iterator(root)) give(entry.path());
        give(root);
    }

    Finished deliver() const
    {
        const Fd message = open_read(message_ / "message");
        Launch launch{.argv = {},
                      .environment = {"QMAILHOME=" + home_.path(), "PATH=/usr/bin:/bin"},
                      .descriptors = {{0, message.get()}}};
        if (::geteuid() == 0) {
            const auto id = std::to_string(somebody);
            launch.argv = {"/usr/bin/setpriv", "--reuid=" + id, "--regid=" + id, "--clear-groups",
                           "--"};
        }
        launch.argv.push_back(home_.program("qmail-local"));
        for (const auto& argument : block_.all("arg"))
            launch.argv.push_back(expand(argument, known_));
        launch.environment.push_back("QMAILQUEUE=" + (queue_ / "program"));
        for (const auto& variable : block_.all("env")) launch.environment.push_back(variable);
        for (const auto& option : home_.environment())
            if (option.starts_with("ASAN_") || option.starts_with("UBSAN_"))
                launch.environment.push_back(option);
        return run(std::move(launch));
    }

    void expect(const char* key, const std::string& actual)
    {
        const auto recorded = block_.value(key);
        EXPECT_TRUE(matches(recorded, actual, known_)) << key << " is\n"
                                                       << visible(actual) << "\nand not\n"
                                                       << visible(expand(recorded, known_));
    }

    void compare_files(const Files& before, const Files& after)
    {
        std::map<std::string, std::string> recorded, modes;
        for (const auto& [name, content] : block_.pairs("after")) recorded[name] = content;
        for (const auto& [name, mode] : block_.pairs("after-mode")) modes[name] = mode;
        for (const auto& [name, seen] : after) {
            const auto old = before.find(name);
            if (old != before.end() && old->second.content == seen.content) continue;
            EXPECT_TRUE(recorded.contains(name)) << name << " was written";
            EXPECT_TRUE(matches(recorded[name], seen.content, known_))
                << name << " holds\n"
                << visible(seen.content) << "\nand not\n"
                << visible(recorded[name]);
            if (modes.contains(name)) { EXPECT_EQ(seen.mode, octal(modes[name])) << name; }
            recorded.erase(name);
        }
        for (const auto& [name, content] : recorded) ADD_FAILURE() << name << " was not written";
        for (const auto& name : block_.all("gone")) EXPECT_FALSE(after.contains(name)) << name;
    }

    const TempHome& home_;
    const Recorded& block_;
    TempDirectory room_, queue_, message_;
    std::string user_ = room_ / "h";
    Known known_;
};

}

TEST(LocalCompat, EveryRecordedDeliveryGoesAlike)
{
    const TempHome home;
    for (const auto& block : read_recorded("local.txt")) {
        SCOPED_TRACE(block.name());
        Replay(home, block).compare();
    }
}

}
