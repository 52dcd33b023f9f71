#include "remote/qmqp_client.hpp"

#include "base/mail/netstring.hpp"
#include "base/net/connect.hpp"
#include "queue/exit_code.hpp"
#include "remote/qmqp_words.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace grapnel::remote {

namespace {

namespace asio = net::asio;
namespace exit_code = queue::exit_code;

constexpr std::chrono::seconds to_connect{10}, standstill{60};
constexpr std::size_t piece = 65536;

struct Framed {
    std::string head, tail;   // what goes before the message's bytes and behind them
};

Framed frame(const QmqpRequest& request)
{
    std::uint64_t size = 0;
    for (const auto& part : request.message) size += part.size();
    const std::string message_head = netstring_head(size);
    Framed framed{{}, "," + encode_netstring(request.sender)};
    for (const auto& recipient : request.recipients) framed.tail += encode_netstring(recipient);
    framed.head = netstring_head(message_head.size() + size + framed.tail.size()) + message_head;
    framed.tail += ',';
    return framed;
}

asio::awaitable<void> write_slowly(net::Stream& server, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto part = bytes.substr(0, piece);
        server.expires_after(standstill);
        co_await server.write(part);
        bytes.remove_prefix(part.size());
    }
}

// What the server says is complete with its letter; the words are waited for where they may be of
// use, but no trouble with them changes anything.
asio::awaitable<void> read_reply(net::Stream& server, QmqpReply& reply)
{
    server.expires_after(standstill);
    for (;;) {
        const bool more = co_await server.fill();
        if (!more) co_return;
        const auto state = reply.take(server.buffered());
        server.consume(server.buffered().size());
        if (state != QmqpReply::State::more || reply.letter() == 'K') co_return;
    }
}

QmqpOutcome outcome_of(const QmqpReply& reply)
{
    if (reply.letter() == 'K') return {exit_code::queued};
    if (reply.letter() == 'Z') return {exit_code::server_refused_later, reply.text()};
    if (reply.letter() == 'D') return {exit_code::refused, reply.text()};
    return {exit_code::connection_broke};
}

asio::awaitable<QmqpOutcome> converse(net::Stream server, const QmqpRequest& request,
                                      const Framed& framed)
{
    QmqpReply reply;
    try {
        co_await write_slowly(server, framed.head);
        for (const auto& part : request.message) co_await write_slowly(server, part);
        co_await write_slowly(server, framed.tail);
        co_await read_reply(server, reply);
    } catch (const std::system_error&) {
        // Broken, or silent for too long: what came until then counts.
    }
    co_return outcome_of(reply);
}

}

asio::awaitable<QmqpOutcome> send_by_qmqp(std::vector<net::Endpoint> servers, QmqpRequest request)
{
    QmqpOutcome outcome{exit_code::configuration};
    const Framed framed = frame(request);
    for (const auto& server : servers) {
        try {
            auto stream = co_await net::connect(server, to_connect);
            auto said = co_await converse(std::move(stream), request, framed);
            co_return said;
        } catch (const net::TimedOut&) {
            outcome.exit_code = exit_code::connect_timeout;
        } catch (const std::system_error& error) {
            const int number = error.code().value();
            const bool no_socket =
                number == EMFILE || number == ENFILE || number == ENOBUFS || number == EAFNOSUPPORT;
            if (no_socket) co_return QmqpOutcome{exit_code::network};
            outcome.exit_code =
                number == ETIMEDOUT ? exit_code::connect_timeout : exit_code::connect_refused;
        }
    }
    co_return outcome;
}

}
