// A Stream in TLS with an OpenSSL client at the other end, over sockets and pipes.
#include "base/net/loop.hpp"
#include "base/net/stream.hpp"
#include "base/net/tls_server.hpp"
#include "support/tls.hpp"

#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include <openssl/tls1.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <thread>

#include "base/sys/file.hpp"

namespace grapnel::net {
namespace {

using namespace std::chrono_literals;
using test::make_certificate;
using test::TlsClient;

std::array<Fd, 2> socket_pair()
{
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    return {Fd(pair[0]), Fd(pair[1])};
}

std::shared_ptr<TlsServer> server(std::string tickets = {})
{
    TlsMaterial material;
    material.standard = make_certificate("here.example").both();
    material.ticket_keys = std::move(tickets);
    auto made = TlsServer::make(std::move(material));
    EXPECT_TRUE(made);
    return *made;
}

using Talk = std::function<asio::awaitable<void>(Stream&)>;

asio::awaitable<void> serve(Fd input, Fd output, const TlsServer& tls, Talk talk)
{
    const auto executor = co_await asio::this_coro::executor;
    Stream stream(executor, std::move(input), std::move(output));
    stream.expires_after(10s);
    co_await stream.start_tls(tls.accept());
    co_await talk(stream);
}

// Each side in a thread of its own: the client's calls wait.
void converse(Fd input, Fd output, const TlsServer& tls, Talk talk,
              const std::function<void()>& client)
{
    std::thread peer(client);
    try {
        run_until_done([&] { return serve(std::move(input), std::move(output), tls, talk); });
    } catch (...) {
        peer.join();
        throw;
    }
    peer.join();
}

asio::awaitable<void> echo_lines(Stream& stream)
{
    for (;;) {
        const auto line = co_await stream.read_line(100000);
        if (!line) co_return;
        const std::string answer = "250 " + *line + "\r\n";
        co_await stream.write(answer);
    }
}

TEST(TlsStream, LinesAndLargeTextsGoBothWays)
{
    const auto tls = server();
    auto [ours, theirs] = socket_pair();
    converse(std::move(ours), Fd(), *tls, echo_lines, [&, socket = &theirs] {
        TlsClient client(std::move(*socket));
        EXPECT_TRUE(client.good()) << client.trouble();
        EXPECT_EQ(client.command("one"), "250 one");
        const std::string large(70000, 'x');
        EXPECT_EQ(client.command(large), "250 " + large);
    });
}

// The descriptors of inetd may be pipes, and somebody else's, who wants them to block.
TEST(TlsStream, GoesOverPipesThatBlock)
{
    const auto tls = server();
    auto [near, far] = socket_pair();
    Pipe in = make_pipe(), out = make_pipe();
    // Between the client's socket and the pipes, until either is closed.
    const auto carry = [](int from, int to) {
        std::array<char, 4096> room{};
        for (ssize_t got = 0; (got = ::read(from, room.data(), room.size())) > 0;)
            if (::write(to, room.data(), static_cast<std::size_t>(got)) != got) break;
    };
    std::thread carrier([&, socket = near.get()] {
        std::thread back([&] {
            carry(out.reader.get(), socket);
            ::shutdown(socket, SHUT_WR);
        });
        carry(socket, in.writer.get());
        in.writer.reset();
        back.join();
    });
    converse(std::move(in.reader), std::move(out.writer), *tls, echo_lines, [socket = &far] {
        TlsClient client(std::move(*socket));
        EXPECT_TRUE(client.good()) << client.trouble();
        const std::string large(50000, 'x');
        EXPECT_EQ(client.command(large), "250 " + large);
    });
    carrier.join();
}

asio::awaitable<void> one_write(Stream& stream)
{
    const std::string reply = "250-one\r\n250-two\r\n250 three\r\n";
    co_await stream.write(reply);
    const auto line = co_await stream.read_line(100);
    EXPECT_EQ(line, "a");
    EXPECT_TRUE(stream.input_waiting());   // "b", in the same record
    const auto next = co_await stream.read_line(100);
    EXPECT_EQ(next, "b");
    EXPECT_FALSE(stream.input_waiting());
    const auto binding = stream.tls()->channel_binding("tls-exporter");
    EXPECT_EQ(binding ? binding->size() : 0u, 32u);
    EXPECT_TRUE(stream.tls()->channel_binding("tls-server-end-point"));
    EXPECT_EQ(stream.tls()->facts().version, "TLSv1.3");
}

TEST(TlsStream, KnowsWhatIsWaiting)
{
    const auto tls = server();
    auto [ours, theirs] = socket_pair();
    converse(std::move(ours), Fd(), *tls, one_write, [socket = &theirs] {
        TlsClient client(std::move(*socket));
        EXPECT_EQ(client.reply(), "250-one\r\n250-two\r\n250 three");
        client.send("a\nb\n");
        EXPECT_TRUE(client.said_goodbye());   // the Stream's end is one
    });
}

asio::awaitable<void> nothing(Stream&) { co_return; }

TEST(TlsStream, NonsenseIsNoHandshake)
{
    const auto tls = server();
    for (const std::string_view said : {std::string_view("EHLO client.example\r\n"),
                                        std::string_view("\x16\x03\x01\xff\xff\x01", 6)}) {
        auto [ours, theirs] = socket_pair();
        write_all(theirs.get(), said);
        ::shutdown(theirs.get(), SHUT_WR);
        EXPECT_THROW(run_until_done([&, socket = &ours] {
                         return serve(std::move(*socket), Fd(), *tls, nothing);
                     }),
                     std::system_error);
    }
}

asio::awaitable<void> late(Fd socket, const TlsServer& tls)
{
    const auto executor = co_await asio::this_coro::executor;
    Stream stream(executor, std::move(socket));
    stream.expires_after(100ms);
    co_await stream.start_tls(tls.accept());
}

// Whatever trickles in: the deadline is that of the whole handshake.
TEST(TlsStream, TheHandshakeHasOneDeadline)
{
    const auto tls = server();
    auto [ours, theirs] = socket_pair();
    std::thread trickle([socket = theirs.get()] {
        const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
        for (const char byte : hello) {
            if (::send(socket, &byte, 1, MSG_NOSIGNAL) < 0) break;
            std::this_thread::sleep_for(20ms);
        }
    });
    EXPECT_THROW(run_until_done([&, socket = &ours] { return late(std::move(*socket), *tls); }),
                 TimedOut);
    trickle.join();
}

asio::awaitable<void> say_done(Stream& stream)
{
    const std::string done = stream.tls()->facts().resumed ? "250 again\r\n" : "250 new\r\n";
    co_await stream.write(done);
    co_await stream.hang_up(1s);
}

// The second server is another process with the same keys; the third has those of later.
TEST(TlsServer, TicketsAreReadByWhoHasTheirKey)
{
    const auto key = make_ticket_key(), newer = make_ticket_key(), stranger = make_ticket_key();
    std::shared_ptr<void> session;
    const auto visit = [&](const TlsServer& tls) {
        std::string said;
        auto [ours, theirs] = socket_pair();
        converse(std::move(ours), Fd(), tls, say_done, [&, socket = &theirs] {
            TlsClient client(std::move(*socket), {.session = session});
            said = client.reply();
            client.said_goodbye();
            if (!session) session = client.session();
        });
        return said;
    };
    EXPECT_EQ(visit(*server(key)), "250 new");
    EXPECT_EQ(visit(*server(key)), "250 again");
    EXPECT_EQ(visit(*server(newer + key)), "250 again");
    EXPECT_EQ(visit(*server(stranger + newer)), "250 new");
    EXPECT_EQ(visit(*server()), "250 new");
}

TEST(TlsServer, SaysWhatIsWrongWithItsMaterial)
{
    const auto one = make_certificate("one"), other = make_certificate("other");
    const auto refused = [](const std::string& pem) {
        TlsMaterial material;
        material.standard = pem;
        const auto made = TlsServer::make(std::move(material));
        return made ? "" : made.error().text;
    };
    EXPECT_EQ(refused(one.both()), "");
    EXPECT_EQ(refused(one.certificate + one.key), "");
    EXPECT_EQ(refused(one.certificate), "no private key in it that can be read");
    EXPECT_EQ(refused(one.key), "no certificate in it");
    EXPECT_EQ(refused(one.key + other.certificate), "a key in it belongs to no certificate in it");
    EXPECT_EQ(refused("nonsense"), "no private key in it that can be read");
    const auto rsa = make_certificate("one", {}, nullptr, true);
    EXPECT_EQ(refused(one.both() + rsa.both()), "");

    TlsMaterial material;
    material.standard = one.both();
    material.named.emplace_back("good.example", other.both());
    material.named.emplace_back("bad.example", other.key + one.certificate);
    material.ciphers = "no-such-cipher";
    std::vector<std::string> complaints;
    const auto made = TlsServer::make(std::move(material), &complaints);
    ASSERT_TRUE(made);
    EXPECT_EQ(complaints, std::vector<std::string>{"no such ciphers: no-such-cipher"});
    EXPECT_EQ((*made)->check(),
              std::vector<std::string>{"bad.example: a key in it belongs to no certificate in it"});
}

}
}
