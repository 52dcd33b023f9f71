// Any process of the mail system is killed again and again under load: each message that got its
// 250 arrives, whole.
#include "programs/pipeline.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <random>
#include <set>
#include <thread>

using namespace grapnel::test;

namespace {

constexpr int clients = 8;
constexpr std::array<const char*, 9> victims{"qmail-send",  "qmail-lspawn", "qmail-rspawn",
                                             "qmail-clean", "qmail-smtpd",  "qmail-queue",
                                             "qmail-local", "qmail-remote", "qmail-queued"};

int wanted_messages() { return std::getenv("GRAPNEL_LONG_TESTS") ? 10000 : 1000; }

std::string marked(const std::string& id)
{
    return "Subject: " + id + "\n\n" + std::string(3000, 'x') + "\nend of " + id + "\n";
}

// The id of a message that is whole, else "".
std::string id_of(const std::string& message)
{
    const auto at = message.find("\nSubject: ");
    if (at == std::string::npos) return "";
    const auto id = message.substr(at + 10, message.find('\n', at + 10) - at - 10);
    return trace_of(message, marked(id)) ? id : "";
}

}

struct Killed : Pipeline {
    SmtpScript far;
    std::mutex mutex;
    std::set<std::string> acknowledged;
    std::atomic<int> left = wanted_messages();
    std::atomic<bool> loading = true;

    Killed()
    {
        next_hop(far.route());
        dot_qmail("./Maildir/\n", "default");
    }

    // One client after another connection, until all messages have their 250.
    void load(const Instance& mta, int number)
    {
        for (int count = 0; left > 0; ++count) {
            const auto id = std::to_string(number) + '.' + std::to_string(count);
            const auto recipient =
                count % 2 ? "joe-" + id + "@here.example" : "x" + id + "@far.example";
            try {
                SmtpClient client(mta.port());
                if (!client.deliver("a@client.example", {recipient}, marked(id)).starts_with("250"))
                    continue;
                --left;
                const std::lock_guard guard(mutex);
                acknowledged.insert(id);
            } catch (const std::system_error&) {
                continue;   // nobody listens just now
            }
        }
    }

    // What supervise does, and what it is for. Returns how many were killed.
    int kill_and_restart(Instance& mta)
    {
        std::minstd_rand random(20261122);
        int kills = 0;
        while (left > 0) {
            mta.revive();
            const std::string name = victims[random() % victims.size()];
            const auto running = processes_with("QMAILHOME=" + home.path());
            std::vector<pid_t> fitting;
            for (const auto& process : running)
                if (process.name == name) fitting.push_back(process.pid);
            if (!fitting.empty()) kills += ::kill(fitting[random() % fitting.size()], SIGKILL) == 0;
            std::this_thread::sleep_for(milliseconds(random() % 100));
        }
        return kills;
    }
};

TEST_F(Killed, NothingAcknowledgedIsLost)
{
    Instance mta(home);
    std::vector<std::thread> threads;
    for (int number = 0; number < clients; ++number)
        threads.emplace_back([&, number] { load(mta, number); });
    const int kills = kill_and_restart(mta);
    for (auto& thread : threads) thread.join();
    if (mta.send().running()) mta.stop_send();
    mta.start_send();
    mta.alarm();

    // Litter of killed qmail-queues may stay: S2 and S3 are removed when a day and a half old.
    const auto remaining = [&] {
        std::set<std::string> numbers;
        for (const auto& file : home.queue_files())
            if (file.starts_with("todo/") || file.starts_with("info/"))
                numbers.insert(file.substr(file.rfind('/') + 1));
        return numbers.size();
    };
    for (std::size_t before = remaining(); before > 0; before = remaining()) {
        // As long as the queue gets shorter it may take its time.
        ASSERT_TRUE(wait_until([&] { return remaining() < before; })) << before << '\n'
                                                                      << mta.log();
        mta.alarm();
        std::this_thread::sleep_for(milliseconds(100));
    }

    std::multiset<std::string> arrived;
    for (const auto& message : maildir_messages(maildir)) arrived.insert(id_of(message));
    for (const auto& message : far.messages()) arrived.insert(id_of(message));
    EXPECT_EQ(arrived.count(""), 0u) << "a message arrived in part";
    std::size_t lost = 0, surplus = 0;
    for (const auto& id : acknowledged) lost += !arrived.contains(id);
    for (const auto& id : std::set<std::string>(arrived.begin(), arrived.end()))
        surplus += arrived.count(id) - 1;
    EXPECT_EQ(lost, 0u) << "of " << acknowledged.size();
    // Deliveries in flight at a kill may happen twice: at most 10 local and 20 remote ones.
    EXPECT_LE(surplus, static_cast<std::size_t>(kills) * 30);
    EXPECT_GT(kills, 10);
    std::printf("%zu accepted, %d kills, %zu lost, %zu twice\n", acknowledged.size(), kills, lost,
                surplus);
    EXPECT_TRUE(mta.stop_send());
}
