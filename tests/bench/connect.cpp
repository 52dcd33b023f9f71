// bench_connect HOST PORT COUNT AT_ONCE [LINE]: makes COUNT connections, AT_ONCE of them at a time,
// hears the greeting, says EHLO, hears the answer, says LINE, hears the answer, says QUIT, hears
// the answer, and closes. Prints the seconds that this took.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int silence_limit_ms = 30000;
std::vector<std::string> lines{"EHLO client.example\r\n", "QUIT\r\n"};

[[noreturn]] void fail(const std::string& what, bool with_errno = true)
{
    std::fprintf(stderr, "bench_connect: %s%s%s\n", what.c_str(), with_errno ? ": " : "",
                 with_errno ? std::strerror(errno) : "");
    std::exit(111);
}

struct Client {
    int descriptor = -1;
    std::size_t said = 0;   // of lines
    std::string heard;      // of the reply that is coming
};

sockaddr_in resolve(const char* host, const char* port)
{
    addrinfo hints{}, *found = nullptr;
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    if (const int error = ::getaddrinfo(host, port, &hints, &found); error != 0)
        fail(std::string(host) + ": " + ::gai_strerror(error), false);
    sockaddr_in address{};
    std::memcpy(&address, found->ai_addr, sizeof address);
    ::freeaddrinfo(found);
    return address;
}

// A whole reply: its last line has no "-" behind the code (RFC 5321 4.2.1).
bool is_whole(std::string_view reply)
{
    if (reply.empty() || reply.back() != '\n') return false;
    const auto start = reply.substr(0, reply.size() - 1).rfind('\n');
    const auto last = reply.substr(start == std::string_view::npos ? 0 : start + 1);
    return last.size() > 3 && last[3] != '-';
}

class Load {
public:
    Load(const sockaddr_in& server, long count) : server_(server), left_(count)
    {
        if (poll_ < 0) fail("epoll");
    }

    void run(long at_once)
    {
        clients_.resize(static_cast<std::size_t>(at_once));
        for (auto& client : clients_)
            if (left_ > 0) open(client);
        std::array<epoll_event, 64> events{};
        while (open_ > 0) {
            const int ready = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()),
                                           silence_limit_ms);
            if (ready == 0) fail("the server is silent", false);
            if (ready < 0 && errno != EINTR) fail("epoll");
            for (int i = 0; i < ready; ++i)
                hear(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
        }
    }

private:
    void open(Client& client)
    {
        client.said = 0;
        client.descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (client.descriptor < 0) fail("socket");
        spread_source(client.descriptor);
        if (::connect(client.descriptor, reinterpret_cast<const sockaddr*>(&server_),
                      sizeof server_) != 0)
            fail("connect");
        const int yes = 1;
        ::setsockopt(client.descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &client;
        if (::epoll_ctl(poll_, EPOLL_CTL_ADD, client.descriptor, &event) != 0) fail("epoll");
        --left_;
        ++open_;
    }

    // The ports of one source address would be used up: closed connections keep theirs for a
    // minute.
    void spread_source(int descriptor)
    {
        if ((ntohl(server_.sin_addr.s_addr) >> 24) != 127) return;
        sockaddr_in source{};
        source.sin_family = AF_INET;
        source.sin_addr.s_addr = htonl(0x7f000201U + static_cast<std::uint32_t>(left_ % 200));
        const int yes = 1;
        ::setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
        if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0)
            fail("bind");
    }

    void hear(Client& client)
    {
        std::array<char, 4096> bytes;
        const auto size = ::recv(client.descriptor, bytes.data(), bytes.size(), 0);
        if (size < 0) fail("recv");
        if (size == 0) fail("the server hung up", false);
        client.heard.append(bytes.data(), static_cast<std::size_t>(size));
        if (!is_whole(client.heard)) return;
        if (client.heard.front() != '2') fail("the server said " + client.heard, false);
        client.heard.clear();
        if (client.said == lines.size()) return close(client);
        const auto& line = lines.at(client.said++);
        if (::send(client.descriptor, line.data(), line.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(line.size()))
            fail("send");
    }

    void close(Client& client)
    {
        ::close(client.descriptor);
        --open_;
        if (left_ > 0) open(client);
    }

    sockaddr_in server_;
    long left_, open_ = 0;
    int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<Client> clients_;
};

}

int main(int argc, char** argv)
{
    if (argc != 5 && argc != 6) {
        std::fprintf(stderr, "usage: bench_connect HOST PORT COUNT AT_ONCE [LINE]\n");
        return 100;
    }
    const long count = std::atol(argv[3]), at_once = std::atol(argv[4]);
    if (count < 1 || at_once < 1) fail("COUNT and AT_ONCE are numbers from 1 up", false);
    if (argc == 6) lines.insert(lines.begin() + 1, std::string(argv[5]) + "\r\n");
    Load load(resolve(argv[1], argv[2]), count);
    const auto began = std::chrono::steady_clock::now();
    load.run(at_once);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::printf("%.6f\n", took.count());
    return 0;
}
