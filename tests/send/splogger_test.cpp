// splogger as a syslog daemon sees it: datagrams at /dev/log, in a mount namespace of its own.
#include "base/sys/fd.hpp"
#include "support/process.hpp"
#include "support/recorded.hpp"
#include "support/temp_home.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <regex>

using namespace grapnel;
using namespace grapnel::test;
using namespace std::string_literals;

namespace {

// Takes what is sent to the socket at path.
class LogSocket {
public:
    explicit LogSocket(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        const timeval limit{30, 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("no socket at " + path);
    }

    // One datagram without its date (16 bytes in the middle): "<22>tag: text".
    std::string next() const
    {
        std::array<char, 2048> buffer;
        const auto count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        if (count <= 0) return "nothing came";
        const std::string all(buffer.data(), static_cast<std::size_t>(count));
        return std::regex_replace(all, std::regex("^(<[0-9]+>)[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} "),
                                  "$1");
    }

    bool nothing_more() const
    {
        char byte;
        return ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT) < 0;
    }

private:
    Fd socket_;
};

class Splogger : public testing::Test {
protected:
    void SetUp() override
    {
        const auto tried = run({.argv = {"unshare", "-m", "mount", "-t", "tmpfs", "none", "/dev"}});
        if (!(tried == 0)) GTEST_SKIP() << "no mount namespace of our own here: " << tried.errors;
    }

    // Runs it on the lines, to its end.
    void log(const std::string& lines, const std::vector<std::string>& arguments)
    {
        std::vector<std::string> argv{
            "unshare",
            "-m",
            "sh",
            "-c",
            R"(mount -t tmpfs none /dev && ln -s "$1" /dev/log && shift && exec "$@")",
            "sh",
            directory_ / "log",
            home_.program("splogger")};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        const auto ended = run({.argv = argv, .environment = home_.environment({"TZ=UTC"})}, lines);
        EXPECT_EQ(ended, 0) << ended.errors;
    }

    TempHome home_;
    TempDirectory directory_;
    LogSocket socket_{directory_ / "log"};
};

// The stamp is seconds and microseconds.
std::string unstamped(const std::string& line)
{
    return std::regex_replace(line, std::regex("[0-9]{10}\\.[0-9]{6}"), "T");
}

}

TEST_F(Splogger, SendsEachLineWithTagTimeAndPriority)
{
    log("new msg 7\nwarning: trouble\nalert: oh no\n\nunfinished", {"qmail"});
    EXPECT_EQ(unstamped(socket_.next()), "<22>qmail: T new msg 7");
    EXPECT_EQ(unstamped(socket_.next()), "<20>qmail: T warning: trouble");
    EXPECT_EQ(unstamped(socket_.next()), "<17>qmail: T alert: oh no");
}

TEST_F(Splogger, TakesAFacility)
{
    log("x\n", {"tag", "3"});
    EXPECT_EQ(unstamped(socket_.next()), "<30>tag: T x");
}

TEST_F(Splogger, CallsItselfSplogger)
{
    log("x\n", {});
    EXPECT_EQ(unstamped(socket_.next()), "<22>splogger: T x");
}

TEST_F(Splogger, ALongLineGoesInPiecesOfOneTime)
{
    log("warning:" + std::string(1000, 'a') + "\nnext\n", {"q"});
    const auto first = socket_.next(), second = socket_.next();
    EXPECT_EQ(unstamped(first), "<20>q: T warning:" + std::string(791, 'a'));
    EXPECT_EQ(unstamped(second), "<20>q: T+" + std::string(209, 'a'));
    EXPECT_EQ(first.substr(7, 17), second.substr(7, 17));
    EXPECT_EQ(unstamped(socket_.next()), "<22>q: T next");
}

TEST_F(Splogger, BytesThatAreNotPrintableDoNotReachTheLog)
{
    log("a\033[2J\200%s%n\tb\n", {"q"});
    EXPECT_EQ(unstamped(socket_.next()), "<22>q: T a?[2J?%s%n?b");
}

// tests/compat/tools.txt
TEST_F(Splogger, AnswersAsTheOriginalDid)
{
    for (const auto& block : read_recorded("tools.txt")) {
        if (block.value("program") != "splogger") continue;
        SCOPED_TRACE(block.name());
        log(block.value("stdin"), block.all("arg"));
        for (const auto& line : block.all("syslog"))
            EXPECT_EQ(unstamped(socket_.next()), replace_all(line, "@TIME@.@USEC@", "T"));
        EXPECT_TRUE(socket_.nothing_more());
    }
}
