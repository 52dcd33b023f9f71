// A queue of 500 messages as a classic system leaves it, in all states: our programs take it over,
// leave it again half done in a form that classic programs read, and finish it; nobody gets less
// or more than one copy.
#include "programs/pipeline.hpp"

#include "base/sys/file.hpp"
#include "base/text.hpp"

#include <sys/stat.h>

#include <ctime>
#include <filesystem>
#include <map>
#include <regex>

using namespace grapnel;
using namespace grapnel::test;
namespace fs = std::filesystem;
using namespace std::string_literals;

namespace {

constexpr unsigned total = 500;
constexpr std::time_t an_hour = 3600, forty_hours = 40 * 3600;

// Who gets how many copies of what: "4711 joe" → 1.
using Copies = std::map<std::string, int>;

std::string token_of(const std::string& text)
{
    std::smatch found;
    static const std::regex token("token-([0-9]+)-");
    return std::regex_search(text, found, token) ? found[1].str() : "none";
}

// Writes messages as qmail-queue and qmail-send leave them, and notes who is still to get a copy.
class ClassicQueue {
public:
    explicit ClassicQueue(const TempHome& home) : home_(home) {}

    void fill(unsigned messages)
    {
        for (number_ = 0; number_ < messages; ++number_) one();
    }

    Copies owed;                // to joe, or to an address at far.example
    std::size_t stays = 0;      // files of submissions that never ended
    unsigned submissions = 0;   // that ended: messages qmail-send is answerable for

private:
    void one()
    {
        lay_message();
        switch (number_ % 12) {
        case 0:
            return todo(local(), true);
        case 1:
            return todo(remote("r"), true);
        case 2:
            return todo(local() + remote("r") + remote("q"), false);   // intd is gone already
        case 3:
            return begun(local(), remote("r"));
        case 4:
            return sorted(local(), "");
        case 5:
            return sorted("", remote("r"));
        case 6:
            return sorted(marked("joe@here.example"), remote("r") + marked("q@far.example"));
        case 7:
            return sorted(local(), marked("q@far.example"));
        case 8:
            return sorted(marked("joe@here.example"), marked("q@far.example"));
        case 9:
            return bouncing("joe@here.example", "joe");
        case 10:
            return bouncing("s" + token() + "@far.example", "s" + token() + "@far.example");
        default:
            return number_ % 24 < 12 ? half_a_submission(0) : half_a_submission(forty_hours);
        }
    }

    std::string token() const { return std::to_string(number_); }
    std::string at(const std::string& folder) const
    {
        const auto name = std::to_string(inode_);
        if (folder == "todo" || folder == "intd" || folder == "bounce") return folder + '/' + name;
        return folder + '/' + std::to_string(inode_ % TempHome::default_split) + '/' + name;
    }
    void put(const std::string& folder, const std::string& bytes, unsigned mode = 0600) const
    {
        home_.write("queue/" + at(folder), bytes, mode);
    }

    void lay_message()
    {
        const auto made = home_ / "queue/pid/made";
        spill(made, "Received: (qmail 77 invoked by uid 1000); 1 Jan 2001 00:00:00 -0000\n"
                    "From: s@far.example\nSubject: token-" +
                        token() + "-\n\nHigh at noon.\n");
        struct stat about {};
        ASSERT_EQ(::stat(made.c_str(), &about), 0);
        inode_ = about.st_ino;
        rename_file(made, home_ / ("queue/" + at("mess")));
    }

    std::string local()
    {
        ++owed[token() + " joe"];
        return "Tjoe@here.example\0"s;
    }
    std::string remote(const std::string& box)
    {
        ++owed[token() + ' ' + box + "@far.example"];
        return 'T' + box + "@far.example\0"s;
    }
    static std::string marked(const std::string& address) { return 'D' + address + '\0'; }

    static std::string sender() { return "Fsender@far.example\0"s; }
    void todo(const std::string& recipients, bool with_intd)
    {
        put("todo", "u1000\0p77\0"s + sender() + recipients, 0644);
        if (with_intd)
            fs::create_hard_link(home_ / ("queue/" + at("todo")), home_ / ("queue/" + at("intd")));
        ++submissions;
    }
    // qmail-send was at it when it was stopped.
    void begun(const std::string& to_local, const std::string& to_remote)
    {
        todo(to_local + to_remote, true);
        put("info", sender());
        put("local", to_local.substr(0, to_local.size() / 2));
    }
    void sorted(const std::string& to_local, const std::string& to_remote)
    {
        put("info", sender());
        if (!to_local.empty()) put("local", to_local);
        if (!to_remote.empty()) put("remote", to_remote);
        set_times(home_ / ("queue/" + at("info")), std::time(nullptr) - an_hour);
        ++submissions;
    }
    void bouncing(const std::string& to, const std::string& recipient)
    {
        put("info", 'F' + to + '\0');
        put("remote", marked("q@far.example"));
        put("bounce", "<q@far.example>:\nNo boats today.\n\n");
        ++owed[token() + ' ' + recipient];
        ++submissions;
    }
    void half_a_submission(std::time_t age)
    {
        put("intd", "u1000\0p77\0"s + sender(), 0644);
        if (age == 0) stays += 2;
        for (const auto* folder : {"intd", "mess"})
            set_times(home_ / ("queue/" + at(folder)), std::time(nullptr) - age);
    }

    const TempHome& home_;
    unsigned number_ = 0;
    ino_t inode_ = 0;
};

// Reads the queue as a classic qmail-send does at its start; says what it would stumble over.
std::vector<std::string> troubles_of_a_classic_reader(const TempHome& home)
{
    std::vector<std::string> troubles;
    for (const auto& name : home.queue_files()) {
        const auto folder = name.substr(0, name.find('/'));
        const auto number = name.substr(name.rfind('/') + 1);
        const auto bytes = home.read("queue/" + name);
        const bool split =
            folder == "mess" || folder == "info" || folder == "local" || folder == "remote";
        const auto mess =
            "mess/" + std::to_string(std::stoul(number) % TempHome::default_split) + '/' + number;
        if (split && name.find('/' + number) == name.find('/')) troubles.push_back("place " + name);
        if (folder != "mess" && !fs::exists(home / ("queue/" + mess)))
            troubles.push_back("no message for " + name);
        if (folder == "info" &&
            (bytes.empty() || bytes[0] != 'F' || bytes.find('\0') == bytes.npos))
            troubles.push_back("sender of " + name);
        if (folder != "local" && folder != "remote") continue;
        std::string_view rest = bytes;
        while (const auto record = take_until(rest, '\0'))
            if (record->empty() || (record->front() != 'T' && record->front() != 'D'))
                troubles.push_back("record in " + name);
        if (!rest.empty()) troubles.push_back("unended record in " + name);
    }
    return troubles;
}

}

struct TakeOver : Pipeline {
    Copies received() const
    {
        Copies copies;
        for (const auto& text : maildir_messages(maildir)) ++copies[token_of(text) + " joe"];
        if (!far) return copies;
        for (const auto& session : far->sessions()) {
            // One recipient a message, as deliveries go.
            std::vector<std::string> recipients;
            for (const auto& command : session.commands)
                if (command.starts_with("RCPT TO:<"))
                    recipients.push_back(command.substr(9, command.find('>') - 9));
            if (recipients.size() < session.messages.size())
                ADD_FAILURE() << "messages without recipients";
            for (std::size_t i = 0; i < session.messages.size(); ++i)
                ++copies[token_of(session.messages[i]) + ' ' + recipients[i]];
        }
        return copies;
    }

    std::optional<SmtpScript> far;
};

TEST_F(TakeOver, FiveHundredMessagesInAllStatesNothingLostNothingDoubled)
{
    ClassicQueue queue(home);
    queue.fill(total);
    next_hop("127.0.0.1:" + std::to_string(free_port()));   // nobody is there yet
    dot_qmail("|test -e open || exit 111\n./Maildir/\n");
    {
        Instance mta(home, {.smtpd = false});
        EXPECT_TRUE(wait_until([&] {
            return !mta.log_count("status: exiting") && home.queue_files().size() > 0 &&
                   fs::is_empty(home / "queue/todo");
        })) << mta.log();
        EXPECT_TRUE(wait_until([&] { return mta.log_count(": deferral: ") > 300; })) << mta.log();
        EXPECT_TRUE(mta.stop()) << mta.log();
    }
    EXPECT_EQ(received(), Copies{});
    EXPECT_EQ(troubles_of_a_classic_reader(home), std::vector<std::string>{});

    far.emplace();
    next_hop(far->route());
    spill(joe + "/open", "");
    Instance mta(home, {.smtpd = false});
    mta.alarm();
    EXPECT_TRUE(
        wait_until([&] { return home.queue_files().size() == queue.stays; }, milliseconds(120000)))
        << mta.log();
    EXPECT_TRUE(mta.stop()) << mta.log();
    EXPECT_EQ(received(), queue.owed);
    EXPECT_GT(queue.submissions, 400u);
}
