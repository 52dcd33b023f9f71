// qmail-remote before the servers of tests/compat/remote.txt, with HELO as the original says it.
#include "remote/remote_program.hpp"
#include "support/ports.hpp"
#include "support/recorded.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <array>
#include <set>
#include <thread>

using namespace grapnel::test;

namespace {

// Where we differ on purpose; docs/compatibility.md says why.
const std::set<std::string> deliberate = {
    // The code: three digits, 2 to 5 first, a blank or "-" behind; its first digit decides; the
    // last line's counts.
    "answers with odd code separators",
    "multi-line with different codes",
    "multi-line refused with different codes",
    "short answers",
    "letters in the code",
    "empty answer line",
    "greeting 221 odd",
    "greeting 200 odd",
    "greeting 250 odd",
    "greeting 120 wait",
    "greeting 999 odd",
    "greeting xyz",
    "HELO answered 251 odd",
    "HELO answered 200 odd",
    "MAIL answered 999 x",
    "RCPT answered 600 x",
    "DATA answered 250 odd",
    "DATA answered 200 odd",
    "message answered 399 ok",
    // A line of 4 KiB at most; strangers' text is made printable.
    "very long answer",
    "eight-bit in the answer",
    "control bytes in the answer",
    // Every host refuses for good: so do we.
    "greeting 500 no",
    "greeting 554 go away",
    "greeting 554-go 554 away",
    "HELO answered 500 what",
    "HELO answered 502 no",
    "HELO answered 550 your name",
    "HELO answered 550-your 550 name",
    // All recipients for later: the message, too.
    "RCPT answered 400 later",
    "RCPT answered 421 closing",
    "RCPT answered 450 busy",
    "RCPT answered 452 full",
    "RCPT answered 450 4.2.0 grey",
    "three recipients, all deferred",
    "three recipients, refused and deferred",
    // A last line without LF is ended; a lone CR becomes a space.
    "wire: dot last without newline",
    "wire: no final newline",
    "wire: header only, no final newline",
    "wire: carriage return alone",
    "wire: two carriage returns",
    "wire: carriage return dot",
    "wire: dot carriage return",
    "wire: mixed line ends",
    // Bytes above 127 need no quotes (RFC 6531); line breaks in addresses are refused.
    "wire: sender 8-bit",
    "wire: recipient 8-bit",
    "wire: sender with newline",
    "wire: sender with carriage return",
    // No connection is tried by a route that makes no sense.
    "route to port 0",
};

// Plays the script of a block and notes what the client said between its lines.
class Player {
public:
    explicit Player(const Recorded& block)
        : listener_(listen_on_loopback()), thread_([this, &block] { play(block); })
    {
    }
    ~Player() { thread_.join(); }
    Port port() const { return port_of(listener_.get()); }
    const std::vector<std::string>& client()
    {
        thread_.join();
        thread_ = std::thread([] {});
        return client_;
    }

private:
    bool receive()
    {
        std::array<char, 65536> room;
        if (!readable(socket_.get(), seconds(10))) return false;
        const auto count = ::recv(socket_.get(), room.data(), room.size(), 0);
        if (count <= 0) return false;
        unread_.append(room.data(), static_cast<std::size_t>(count));
        return true;
    }

    bool read_turn()
    {
        const auto whole = [&] {
            if (!in_data_) return unread_.ends_with('\n');
            return unread_ == ".\r\n" || unread_.ends_with("\r\n.\r\n");
        };
        bool open = true;
        while (open && !whole()) open = receive();
        note();
        return open;
    }

    void note()
    {
        if (!unread_.empty()) client_.push_back(std::move(unread_));
        unread_.clear();
    }

    void say(const std::string& reply)
    {
        in_data_ = !client_.empty() && client_.back() == "DATA\r\n" && reply.starts_with('3') &&
                   !had_data_;
        had_data_ = had_data_ || in_data_;
        ::send(socket_.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    }

    void play(const Recorded& block)
    {
        if (!readable(listener_.get(), seconds(10))) return;
        socket_ = grapnel::Fd(::accept(listener_.get(), nullptr, nullptr));
        std::string previous = "client";
        bool first = true;
        for (const auto& [key, value] : block.entries()) {
            const bool ends = key == "silent" || (key == "close" && value != "client");
            if (key != "server" && key != "client" && !ends) continue;
            if (key == "client") {
                previous = key;
                continue;
            }
            if (previous == "client" && !first && !read_turn()) break;
            first = false;
            previous = key;
            if (key == "server") say(value);
            if (key == "close" && value == "reset") {
                const linger at_once{1, 0};
                ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
            }
            if (key == "close" && ends) return socket_.reset();
            if (ends) break;
        }
        while (receive()) {}
        note();
        socket_.reset();
    }

    grapnel::Fd listener_, socket_;
    std::string unread_;
    std::vector<std::string> client_;
    bool in_data_ = false, had_data_ = false;
    std::thread thread_;
};

bool somebody_listens(const Recorded& block)
{
    return block.has("server") || block.has("close") || block.has("silent");
}

class RemoteCompat : public RemoteProgram {
protected:
    void replay(const Recorded& block)
    {
        std::optional<Player> player;
        if (somebody_listens(block)) player.emplace(block);
        const auto port = std::to_string(player ? player->port() : free_port());
        home.no_control("me");
        home.control("timeoutremote", "5");   // in a sandbox below RFC 5321's minimum
        for (const auto& [name, text] : block.pairs("control"))
            spill(home / ("control/" + name), replace_all(text, "@PORT@", port));
        home.control("remoteext", "-EHLO");
        std::vector<std::string> arguments;
        for (const auto& argument : block.all("arg"))
            arguments.push_back(replace_all(argument, "@PORT@", port));
        EXPECT_EQ(run_remote(arguments, block.value("stdin")), block.value("stdout"));
        EXPECT_EQ(player ? player->client() : std::vector<std::string>(), block.all("client"));
    }
};

}

TEST_F(RemoteCompat, AnswersAsTheOriginalDid)
{
    for (const auto& block : read_recorded("remote.txt")) {
        if (deliberate.contains(block.name())) continue;
        SCOPED_TRACE(block.name());
        for (const auto* file : {"helohost", "smtproutes"}) home.no_control(file);
        replay(block);
    }
}
