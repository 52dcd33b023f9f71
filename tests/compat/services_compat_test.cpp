// Readers of mail and servers for other hosts before the recorded inputs of the original:
// services.txt, readers.txt, and what tools.txt has of them.
#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "inject/capture.hpp"
#include "support/placeholders.hpp"
#include "support/ports.hpp"
#include "support/process.hpp"
#include "support/recorded.hpp"
#include "support/wait.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>
#include <utmpx.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <set>
#include <thread>

namespace grapnel::test {

namespace {

namespace fs = std::filesystem;

// Where we differ on purpose; docs/compatibility.md says why.
const std::set<std::string> deliberate = {
    "qmail-pop3d: unknown command",                 // CAPA is known
    "qmail-pop3d: RETR: lines that end in CR LF",   // no line ends twice
    "maildir2mbox: without last newline",           // nothing is lost
    "maildir2mbox: mbox without last newline",      // two messages stay two
    "qsmhook: killed",
    "qsmhook: program missing"   // says which program, and why
};

constexpr uid_t ordinary = 65533;   // who is nobody else, where root runs the tests

// A QMQP server for one block: reads a request, answers, closes.
class QmqpServer {
public:
    QmqpServer(std::string reply, std::string act)
        : listener_(listen_on_loopback()),
          reply_(std::move(reply)),
          act_(std::move(act)),
          thread_([this] { serve(); })
    {
    }
    QmqpServer(const QmqpServer&) = delete;
    ~QmqpServer() { stop(); }
    Port port() const { return port_of(listener_.get()); }
    void stop()
    {
        if (!thread_.joinable()) return;
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
    }
    std::string request;
    int connections = 0;

private:
    void serve()
    {
        for (;;) {
            const Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!client) return;
            ++connections;
            if (act_ == "close-at-once") continue;
            if (act_ == "speak-first") write_all(client.get(), reply_);
            try {
                read_request(client.get());
                if (act_.empty()) write_all(client.get(), reply_);
            } catch (const std::system_error&) {
                // He left.
            }
        }
    }
    void read_request(int client)
    {
        std::size_t wanted = 0;
        std::string got;
        while (wanted == 0 || got.size() < wanted) {
            char byte = 0;
            if (read_some(client, &byte, 1) == 0) break;
            got += byte;
            if (wanted == 0 && byte == ':') wanted = got.size() + *leading_number(got) + 1;
        }
        request += got;
    }

    Fd listener_;
    std::string reply_, act_;
    std::thread thread_;
};

class Replay {
public:
    Replay(const TempHome& home, const Recorded& block)
        : home_(home),
          block_(block),
          capture_(block.number("queue-exit"), block.value("queue-text")),
          server_(block.value("reply"), block.value("act")),
          dead_(free_port())
    {
        for (const auto* name : {"me", "qmqpservers"}) home_.no_control(name);
        for (const auto& [name, text] : block.pairs("control"))
            spill(home_ / ("control/" + name), placed(text));
        for (const auto& name : block.all("dir")) fs::create_directories(work_ / name);
        std::time_t when = block.has("fresh") ? std::time(nullptr) + 60 : 1'000'000'000;
        for (const auto& [name, text] : block.pairs("file")) {
            spill(work_ / name, text, 0600);
            set_times(work_ / name, when++);
        }
        spill(input_ / "input", block.value("stdin"));
        spill(input_ / "given", block.value("given"));
        // /tmp/x of root is nobody else's otherwise.
        fs::permissions(work_.path(), fs::perms::owner_all | fs::perms::group_exec |
                                          fs::perms::others_exec | fs::perms::others_read);
    }

    void run()
    {
        before_ = files();
        Launch launch{.argv = {home_.program(block_.value("program"))},
                      .environment = capture_.environment(),
                      .directory = work_.path()};
        if (block_.value("program") == "qmail-pop3d" && ::geteuid() == 0) become_ordinary(launch);
        for (const auto& argument : block_.all("arg")) launch.argv.push_back(placed(argument));
        for (const auto& variable : block_.all("env"))
            launch.environment.push_back(placed(variable));
        for (const auto* more :
             {"PATH=/usr/local/bin:/usr/bin:/bin", "LSAN_OPTIONS=detect_leaks=0"})
            launch.environment.emplace_back(more);
        launch.environment.push_back("QMAILHOME=" + home_.path());
        const Fd input = open_read(input_ / "input"), given = open_read(input_ / "given");
        launch.descriptors = {{0, input.get()}};
        const bool is_client = block_.value("program") == "qmail-qmqpc";
        if (is_client) launch.descriptors.emplace_back(1, given.get());
        Process process(std::move(launch));
        known_["PID"] = std::to_string(process.pid());
        finish(process);
        expect_queued();
        expect_files();
        if (!is_client) return;
        server_.stop();
        EXPECT_EQ(server_.connections, block_.number("connections"));
        EXPECT_EQ(visible(server_.request), visible(block_.value("request")));
    }

private:
    std::string placed(std::string text) const
    {
        const auto on = [](Port port) { return "127.0.0.1:" + std::to_string(port); };
        text = replace_all(std::move(text), "@DIR@", work_.path());
        text = replace_all(std::move(text), "@SERVER@", on(server_.port()));
        return replace_all(std::move(text), "@DEAD@", on(dead_));
    }

    void become_ordinary(Launch& launch)
    {
        const auto id = std::to_string(ordinary);
        launch.argv = {"/usr/bin/setpriv", "--reuid",     id, "--regid", id,
                       "--clear-groups",   launch.argv[0]};
        EXPECT_EQ(::chown(work_.path().c_str(), ordinary, ordinary), 0);
        for (const auto& entry : fs::recursive_directory_iterator(work_.path()))
            EXPECT_EQ(::chown(entry.path().c_str(), ordinary, ordinary), 0);
        // The programs may lie where he cannot go.
        fs::copy_file(fs::canonical(home_.program("qmail-pop3d")), work_ / "../pop3d-" + known_id(),
                      fs::copy_options::overwrite_existing);
        program_copy_ = work_ / "../pop3d-" + known_id();
        launch.argv.back() = program_copy_;
    }
    std::string known_id() const { return fs::path(work_.path()).filename().string(); }

    void finish(Process& process)
    {
        const auto output = placed(block_.value("stdout"));
        const int code = block_.number("exit");
        if (code < 0 && !output.empty() && process.wait_for_output(output)) process.kill(-code);
        const auto ending = process.wait();
        if (!program_copy_.empty()) fs::remove(program_copy_);
        ASSERT_TRUE(ending);
        EXPECT_EQ(ending->crashed ? -ending->code : ending->code, code);
        expect_alike(output, process.output());
        expect_alike(placed(block_.value("stderr")), process.errors());
    }

    void expect_alike(const std::string& recorded, const std::string& actual) const
    {
        auto wanted = recorded;
        if (wanted.starts_with("@LEN@:")) {
            const auto size = leading_number(actual);
            ASSERT_TRUE(size) << actual;
            EXPECT_EQ(actual.size(), std::to_string(*size).size() + 2 + *size) << actual;
            wanted = replace_all(wanted, "@LEN@", std::to_string(*size));
        }
        auto known = known_;
        if (wanted.find("qp @PID@") != std::string::npos) known.erase("PID");   // the queue's
        EXPECT_TRUE(matches(wanted, actual, known)) << visible(actual) << "\nrecorded:\n"
                                                    << visible(wanted);
    }

    void expect_queued()
    {
        auto queued = capture_.take();
        const auto messages = block_.all("message"), envelopes = block_.all("envelope");
        if (block_.has("aborted")) {
            // Nobody waits for a queue program that is let down.
            wait_until([&] { return !queued.empty() || !(queued = capture_.take()).empty(); });
            ASSERT_EQ(queued.size(), 1u);
            EXPECT_FALSE(queued[0].envelope.ends_with(std::string_view("\0\0", 2)));
            return;
        }
        ASSERT_EQ(queued.size(), messages.size());
        for (std::size_t i = 0; i < queued.size(); ++i) {
            expect_alike(messages[i], queued[i].message);
            EXPECT_EQ(visible(queued[i].envelope), visible(envelopes[i]));
        }
    }

    std::map<std::string, std::string> files() const
    {
        std::map<std::string, std::string> found;
        for (const auto& entry : fs::recursive_directory_iterator(work_.path()))
            if (entry.is_regular_file())
                found[entry.path().string().substr(work_.path().size() + 1)] =
                    slurp(entry.path().string());
        return found;
    }
    void expect_files()
    {
        auto expected = before_;
        for (const auto& name : block_.all("gone")) expected.erase(name);
        for (const auto& [name, content] : block_.pairs("after")) expected[name] = content;
        const auto actual = files();
        for (const auto& [name, content] : actual) {
            ASSERT_TRUE(expected.contains(name)) << name;
            expect_alike(expected[name], content);
        }
        EXPECT_EQ(actual.size(), expected.size());
        for (const auto& [name, mode] : block_.pairs("after-mode"))
            EXPECT_EQ(static_cast<int>(fs::status(work_ / name).permissions()),
                      std::stoi(mode, nullptr, 8))
                << name;
    }

    const TempHome& home_;
    const Recorded& block_;
    TempDirectory work_, input_;
    Capture capture_;
    QmqpServer server_;
    Port dead_;
    Known known_;
    std::map<std::string, std::string> before_;
    std::string program_copy_;
};

// Replays what the file has of these programs; returns how many there were.
int replay(const std::string& file, const std::set<std::string>& programs)
{
    const TempHome home;
    int count = 0;
    for (const auto& block : read_recorded(file)) {
        if (!programs.contains(block.value("program")) || deliberate.contains(block.name()))
            continue;
        // As an ordinary user nobody is root.
        if (block.name() == "qmail-pop3d: root") continue;
        SCOPED_TRACE(block.name());
        Replay(home, block).run();
        ++count;
    }
    return count;
}

// A terminal of our own, and a utmp that says who sits there.
class Terminal {
public:
    explicit Terminal(const Recorded& block, const TempHome& home)
    {
        int master = -1, slave = -1;
        EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
        master_ = Fd(master);
        slave_ = Fd(slave);
        termios raw{};
        ::tcgetattr(slave, &raw);
        ::cfmakeraw(&raw);
        ::tcsetattr(slave, TCSANOW, &raw);
        const std::string path = ::ttyname(slave);
        EXPECT_EQ(::fchmod(slave, static_cast<mode_t>(
                                      std::stoi(block.value("terminal-mode", "0720"), nullptr, 8))),
                  0);
        if (block.has("terminal-owner")) {
            EXPECT_EQ(::fchown(slave, ordinary, static_cast<gid_t>(-1)), 0);
        }
        std::string entries;
        for (const auto& text : block.all("logged-in")) entries += entry(text, path.substr(5));
        home.write("run/utmp", entries);
    }
    std::string written() const
    {
        std::string text;
        while (readable(master_.get(), milliseconds(0))) {
            char piece[4096];
            const auto count = ::read(master_.get(), piece, sizeof piece);
            if (count <= 0) break;
            text.append(piece, static_cast<std::size_t>(count));
        }
        return text;
    }

private:
    static std::string entry(const std::string& text, const std::string& line)
    {
        const auto words = split(text, ' ');
        const auto where = replace_all(std::string(words.at(1)), "@TTY@", line);
        utmpx one{};
        one.ut_type = static_cast<short>(*leading_number(words.at(0)));
        where.copy(one.ut_line, sizeof one.ut_line);
        words.at(2).copy(one.ut_user, sizeof one.ut_user);
        return {reinterpret_cast<const char*>(&one), sizeof one};
    }
    Fd master_, slave_;
};

}

TEST(ServicesCompat, Pop3ServersAnswerAsTheOriginalsDid)
{
    EXPECT_GT(replay("services.txt", {"qmail-pop3d", "qmail-popup"}), 70);
    EXPECT_GT(replay("tools.txt", {"qmail-pop3d"}), 9);
}

TEST(ServicesCompat, QmqpServerAndClientAnswerAsTheOriginalsDid)
{
    EXPECT_GT(replay("services.txt", {"qmail-qmqpd", "qmail-qmqpc"}), 70);
    EXPECT_GT(replay("tools.txt", {"qmail-qmqpd"}), 11);
}

TEST(ServicesCompat, ReadersOfMaildirsDoAsTheOriginalsDid)
{
    EXPECT_GT(replay("readers.txt", {"maildirwatch", "qsmhook"}), 35);
    EXPECT_GT(replay("tools.txt", {"maildir2mbox", "qreceipt"}), 25);
}

TEST(ServicesCompat, QbiffWritesToTheSameTerminals)
{
    const TempHome home;
    for (const auto& block : read_recorded("readers.txt")) {
        if (block.value("program") != "qbiff") continue;
        if (block.has("terminal-owner") && ::geteuid() != 0) continue;   // only root gives away
        SCOPED_TRACE(block.name());
        const Terminal terminal(block, home);
        Launch launch{.argv = {home.program("qbiff")}, .environment = home.environment()};
        for (const auto& variable : block.all("env")) launch.environment.push_back(variable);
        const auto finished = test::run(std::move(launch), block.value("stdin"));
        EXPECT_EQ(finished.ending.code, block.number("exit"));
        EXPECT_EQ(finished.output + finished.errors, "");
        EXPECT_EQ(visible(terminal.written()), visible(block.value("terminal")));
    }
}

}
