// The small tools before the recorded inputs of the original: tests/compat/tools.txt.
#include "base/sys/cdb.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "inject/capture.hpp"
#include "support/recorded.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <set>

using namespace grapnel;
using namespace grapnel::test;

namespace {

const std::set<std::string> programs = {"forward",      "condredirect", "bouncesaying", "except",
                                        "maildirmake",  "mailsubj",     "predate",      "preline",
                                        "qmail-newmrh", "tcp-env"};

// Where we differ on purpose; docs/compatibility.md says why.
const std::set<std::string> deliberate = {
    "preline: program does not read",   // how it ends is its own affair
};

// A connection from 127.0.0.1 to 127.0.0.1, for tcp-env.
struct Connection {
    Connection()
    {
        const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        socklen_t length = sizeof address;
        EXPECT_EQ(::bind(listener.get(), generic, length), 0);
        EXPECT_EQ(::listen(listener.get(), 1), 0);
        ::getsockname(listener.get(), generic, &length);
        local_port = std::to_string(ntohs(address.sin_port));
        client = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(client.get(), generic, length), 0);
        server = Fd(::accept4(listener.get(), generic, &length, SOCK_CLOEXEC));
        remote_port = std::to_string(ntohs(address.sin_port));
    }
    Fd client, server;
    std::string local_port, remote_port;
};

class Replay {
public:
    explicit Replay(const Recorded& block)
        : block_(block), capture_(block.number("queue-exit"), block.value("queue-text"))
    {
        home_.no_control("me");
        for (const auto& [name, text] : block.pairs("control"))
            spill(home_ / ("control/" + name), text);
        for (const auto& name : block.all("dir")) std::filesystem::create_directories(work_ / name);
        for (const auto& [name, text] : block.pairs("file")) spill(work_ / name, text);
        spill(input_ / "input", block.value("stdin"));
    }

    void run()
    {
        const auto before = files();
        std::vector<std::string> argv{home_.program(block_.value("program"))};
        for (const auto& argument : block_.all("arg")) argv.push_back(argument);
        auto variables = capture_.environment();
        for (const auto& variable : block_.all("env")) variables.push_back(variable);
        variables.push_back("QMAILHOME=" + home_.path());
        variables.push_back("PATH=/usr/local/bin:/usr/bin:/bin");
        const bool tcp = block_.value("program") == "tcp-env" && !block_.has("stdin-is");
        const Fd file = open_read(block_.value("stdin-is", input_ / "input"));
        Process process({.argv = argv,
                         .environment = variables,
                         .directory = work_.path(),
                         .descriptors = {{0, tcp ? connection_.server.get() : file.get()}}});
        const auto ending = process.wait();
        ASSERT_TRUE(ending);
        EXPECT_EQ(ending->code, block_.number("exit"));
        const std::string pid = std::to_string(process.pid());
        if (block_.has("runs-env"))
            expect_environment(process.output());
        else
            EXPECT_EQ(cleaned(local_date(process.output())), block_.value("stdout"));
        EXPECT_EQ(without_pid(cleaned(process.errors())), block_.value("stderr"));
        std::vector<std::string> messages, envelopes;
        for (const auto& one : capture_.take()) {
            messages.push_back(cleaned(one.message));
            envelopes.push_back(one.envelope);
        }
        EXPECT_EQ(messages, block_.all("message"));
        EXPECT_EQ(envelopes, block_.all("envelope"));
        expect_files(before);
        expect_table();
    }

private:
    std::string cleaned(std::string text) const
    {
        return with_placeholders(std::move(text),
                                 {{home_.path(), "@QMAIL@"}, {work_.path(), "@DIR@"}});
    }
    // "Date: D Mon YYYY HH:MM:SS +0530" of about now.
    static std::string local_date(std::string text)
    {
        std::tm time{};
        const char* end = ::strptime(text.c_str(), "Date: %d %b %Y %H:%M:%S ", &time);
        if (!end || (*end != '+' && *end != '-')) return text;
        const int zone = std::stoi(end);   // hours and minutes
        const auto seconds = ::timegm(&time) - (zone / 100 * 60 + zone % 100) * 60;
        if (std::abs(static_cast<double>(seconds - std::time(nullptr))) > 600) return text;
        return "Date: @LOCALDATE@ " + std::string(end, text.c_str() + text.size());
    }
    static std::string without_pid(std::string text)
    {
        const auto at = text.find("qp ");
        if (at == std::string::npos) return text;
        const auto end = text.find_first_not_of("0123456789", at + 3);
        return text.substr(0, at + 3) + "@PID@" + text.substr(end);
    }
    void expect_environment(const std::string& output)
    {
        std::vector<std::string> ours;
        std::string_view rest = output;
        while (const auto one = take_until(rest, '\0')) ours.emplace_back(*one);
        // The rest of this test's environment, and names: /etc/hosts knows this machine's.
        std::erase_if(ours, [](const std::string& entry) {
            return entry.starts_with("PATH=") || entry.starts_with("QMAIL") ||
                   entry.starts_with("CAPTURE") || entry == "TCPLOCALHOST=localhost" ||
                   entry == "TCPREMOTEHOST=localhost";
        });
        std::vector<std::string> expected;
        for (const auto& entry : block_.all("runs-env"))
            expected.push_back(replace_all(replace_all(entry, "@LPORT@", connection_.local_port),
                                           "@RPORT@", connection_.remote_port));
        std::sort(ours.begin(), ours.end());
        std::sort(expected.begin(), expected.end());
        EXPECT_EQ(ours, expected);
    }
    std::set<std::string> files() const
    {
        std::set<std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(work_.path()))
            found.insert(entry.path().string().substr(work_.path().size() + 1) +
                         (entry.is_directory() ? "/" : ""));
        return found;
    }
    void expect_files(const std::set<std::string>& before)
    {
        std::set<std::string> created, expected;
        for (const auto& name : files())
            if (!before.contains(name)) created.insert(name);
        for (const auto& [name, content] : block_.pairs("after"))
            if (!name.starts_with('@')) expected.insert(name);
        EXPECT_EQ(created, expected);
        for (const auto& [name, mode] : block_.pairs("after-mode")) {
            if (name.starts_with('@')) continue;
            const auto permissions = std::filesystem::status(work_ / name).permissions();
            EXPECT_EQ(static_cast<int>(permissions), std::stoi(mode, nullptr, 8)) << name;
        }
    }
    void expect_table()
    {
        if (block_.value("program") != "qmail-newmrh" || block_.number("exit") != 0) return;
        const auto table = home_ / "control/morercpthosts.cdb";
        EXPECT_EQ(slurp(table).size(), static_cast<std::size_t>(block_.number("cdb-size")));
        const auto reader = CdbReader::open(table);
        ASSERT_TRUE(reader);
        for (const auto& key : block_.all("key")) EXPECT_EQ(reader->find(key), "") << key;
    }

    const Recorded& block_;
    TempHome home_;
    TempDirectory work_, input_;
    Capture capture_;
    Connection connection_;
};

}

TEST(ToolsCompat, AnswerAsTheOriginalsDid)
{
    for (const auto& block : read_recorded("tools.txt")) {
        if (!programs.contains(block.value("program")) || deliberate.contains(block.name()))
            continue;
        if (block.name() == "maildirmake: not allowed" && ::geteuid() == 0) continue;
        SCOPED_TRACE(block.name());
        Replay(block).run();
    }
}
