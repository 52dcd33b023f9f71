// bench_starttls HOST PORT COUNT AT_ONCE SIZE SENDER RECIPIENT: sends COUNT messages within TLS,
// each on a connection of its own, AT_ONCE of them at a time: EHLO, STARTTLS, a full handshake,
// EHLO, MAIL, RCPT, DATA, the message, QUIT. Whatever certificate there is will do. Prints the
// seconds that this took.
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

[[noreturn]] void fail(const std::string& what)
{
    std::fprintf(stderr, "bench_starttls: %s\n", what.c_str());
    std::_Exit(111);
}

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
struct FreeConnection {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};

std::unique_ptr<addrinfo, FreeAddresses> find(const char* host, const char* port)
{
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    if (::getaddrinfo(host, port, &hints, &found) != 0) fail("no such server");
    return std::unique_ptr<addrinfo, FreeAddresses>(found);
}

class Connection {
public:
    explicit Connection(const addrinfo& server)
        : socket_(::socket(server.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        const int yes = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (::connect(socket_, server.ai_addr, server.ai_addrlen) != 0) fail("cannot connect");
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection()
    {
        if (ssl_) SSL_shutdown(ssl_.get());
        ::close(socket_);
    }

    void start_tls(SSL_CTX* context)
    {
        ssl_.reset(SSL_new(context));
        SSL_set_fd(ssl_.get(), socket_);
        if (SSL_connect(ssl_.get()) != 1) fail("no handshake");
    }

    void say(std::string_view text, char wanted)
    {
        const auto size = static_cast<int>(text.size());
        const auto put = ssl_ ? SSL_write(ssl_.get(), text.data(), size)
                              : ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
        if (put != size) fail("cannot write");
        hear(wanted);
    }

    void hear(char wanted)
    {
        std::string reply;
        std::size_t last = 0;   // where its last line begins
        while (reply.size() < last + 4 || reply.back() != '\n' || reply[last + 3] == '-') {
            std::array<char, 4096> room{};
            const auto got = ssl_ ? SSL_read(ssl_.get(), room.data(), room.size())
                                  : ::recv(socket_, room.data(), room.size(), 0);
            if (got <= 0) fail("the server has hung up");
            reply.append(room.data(), static_cast<std::size_t>(got));
            const auto before = reply.rfind('\n', reply.size() - 2);
            last = before == std::string::npos || reply.size() < 2 ? 0 : before + 1;
        }
        if (reply[0] != wanted) fail("it said " + reply);
    }

private:
    int socket_;
    std::unique_ptr<SSL, FreeConnection> ssl_;
};

std::string text_of(std::size_t size)
{
    std::string text = "Subject: benchmark\r\n\r\n";
    while (text.size() + 73 < size) text += std::string(71, 'x') + "\r\n";
    return text + ".\r\n";
}

}

int main(int argc, char** argv)
{
    if (argc != 8) fail("usage: bench_starttls HOST PORT COUNT AT_ONCE SIZE SENDER RECIPIENT");
    ::signal(SIGPIPE, SIG_IGN);
    const auto server = find(argv[1], argv[2]);
    std::atomic<long> left = std::strtol(argv[3], nullptr, 10);
    const auto text = text_of(std::strtoul(argv[5], nullptr, 10));
    const std::string from = std::string("MAIL FROM:<") + argv[6] + ">\r\n",
                      to = std::string("RCPT TO:<") + argv[7] + ">\r\n";
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    const auto work = [&] {
        while (left-- > 0) {
            Connection client(*server);
            client.hear('2');
            client.say("EHLO client.example\r\n", '2');
            client.say("STARTTLS\r\n", '2');
            client.start_tls(context);
            client.say("EHLO client.example\r\n", '2');
            client.say(from, '2');
            client.say(to, '2');
            client.say("DATA\r\n", '3');
            client.say(text, '2');
            client.say("QUIT\r\n", '2');
        }
    };
    const auto begun = std::chrono::steady_clock::now();
    std::vector<std::thread> clients(std::strtoul(argv[4], nullptr, 10));
    for (auto& client : clients) client = std::thread(work);
    for (auto& client : clients) client.join();
    std::printf("%f\n",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    SSL_CTX_free(context);
}
