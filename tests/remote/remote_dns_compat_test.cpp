// Which host gets a message, by name: tests/compat/remote_dns.txt, in a network of our own, with
// servers on port 25 of loopback addresses.
#include "remote/remote_program.hpp"
#include "support/fake_dns.hpp"
#include "support/own_namespace.hpp"
#include "support/recorded.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <set>
#include <sstream>
#include <thread>

using namespace grapnel;
using namespace grapnel::test;

namespace {

// Where we differ on purpose; docs/compatibility.md says why.
const std::set<std::string> deliberate = {
    "dns: name without MX and address",      // #5.4.4: there is a host of that name
    "dns: MX is an address",                 // left out
    "dns: null MX",                          // RFC 7505
    "dns: alias to nothing",                 // there is no such name
    "dns: literal IPv6",                     // is one
    "dns: route with port and empty name",   // deferred: somebody must look at smtproutes
};

// Servers at every address of a block; each plays its script.
class Servers {
public:
    explicit Servers(const Recorded& block) : script_(block.all("server"))
    {
        for (const auto& address : block.all("listen")) addresses_.push_back(address);
        for (const auto& address : addresses_) listeners_.push_back(listen_at(address));
        thread_ = std::thread([this] { serve(); });
    }
    ~Servers() { finish(); }

    // The address that got a connection, "" for none.
    std::string connected()
    {
        finish();
        return connected_;
    }

private:
    static Fd listen_at(const std::string& address)
    {
        Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const int yes = 1;
        ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(25);
        ::inet_pton(AF_INET, address.c_str(), &where.sin_addr);
        EXPECT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where),
                  0)
            << address;
        EXPECT_EQ(::listen(listener.get(), 5), 0);
        return listener;
    }

    void serve()
    {
        while (!ended_) {
            std::vector<pollfd> waiting;
            for (const auto& listener : listeners_) waiting.push_back({listener.get(), POLLIN, 0});
            if (::poll(waiting.data(), waiting.size(), 20) <= 0) continue;
            for (std::size_t i = 0; i < waiting.size(); ++i)
                if (waiting[i].revents) {
                    connected_ += connected_.empty() ? addresses_[i] : ' ' + addresses_[i];
                    play(Fd(::accept(waiting[i].fd, nullptr, nullptr)));
                }
        }
    }

    void play(const Fd& client) const
    {
        std::string turn;
        bool data = false;
        for (const auto& line : script_) {
            if (&line != &script_.front() && !read_turn(client, turn, data)) return;
            data = line.starts_with("354");
            ::send(client.get(), line.data(), line.size(), MSG_NOSIGNAL);
        }
        while (read_turn(client, turn, false)) {}
    }

    static bool read_turn(const Fd& client, std::string& turn, bool data)
    {
        turn.clear();
        while (!(data ? turn.ends_with("\r\n.\r\n") : turn.ends_with('\n'))) {
            std::array<char, 4096> room;
            const auto count = ::recv(client.get(), room.data(), room.size(), 0);
            if (count <= 0) return false;
            turn.append(room.data(), static_cast<std::size_t>(count));
        }
        return true;
    }

    void finish()
    {
        ended_ = true;
        if (thread_.joinable()) thread_.join();
    }

    std::vector<std::string> script_, addresses_;
    std::vector<Fd> listeners_;
    std::string connected_;
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

// "NAME TYPE DATA"; false: it cannot be said by our name server.
bool add(FakeDns& dns, const std::string& record)
{
    std::istringstream words(record);
    std::string name, type, first, second;
    words >> name >> type >> first >> second;
    if (type == "A")
        dns.add_a(name, first);
    else if (type == "CNAME")
        dns.add_cname(name, first);
    else if (type == "MX")
        dns.add_mx(name, static_cast<unsigned>(std::stoul(first)), second);
    else if (type == "servfail")
        dns.servfail(name);
    else if (type == "nodata")
        dns.add_txt(name, "here");
    else
        return false;
    return true;
}

class RemoteDnsCompat : public RemoteProgram {};

}

TEST_F(RemoteDnsCompat, ChoosesTheHostTheOriginalChose)
{
    if (const auto why = own_network(); !why.empty()) GTEST_SKIP() << why;
    std::size_t compared = 0;
    for (const auto& block : read_recorded("remote_dns.txt")) {
        if (deliberate.contains(block.name())) continue;
        SCOPED_TRACE(block.name());
        FakeDns dns;
        bool possible = true;
        for (const auto& record : block.all("dns")) possible = add(dns, record) && possible;
        if (!possible) continue;
        home.no_control("me");
        home.no_control("smtproutes");
        home.control("resolver", dns.address());
        home.control("remoteext", "-EHLO");
        home.control("notipme", "127.0.1.1\n127.0.1.2\n127.0.1.3\n127.0.1.9");
        for (const auto& [name, text] : block.pairs("control"))
            spill(home / ("control/" + name), text);
        home.write("queue/lock/tcpto", std::string(1024, '\0'));
        Servers servers(block);
        EXPECT_EQ(run_remote(block.all("arg"), block.value("stdin")), block.value("stdout"));
        EXPECT_EQ(servers.connected(), block.value("connected"));
        ++compared;
    }
    EXPECT_GT(compared, 30u);
}
