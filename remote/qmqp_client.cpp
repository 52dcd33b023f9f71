#include "remote/qmqp_client.hpp"

#include "base/mail/netstring.hpp"
#include "base/net/connect.hpp"
#include "base/text.hpp"
#include "queue/exit_code.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace grapnel::remote {

namespace {

namespace asio = net::asio;
namespace exit_code = queue::exit_code;

constexpr std::uint16_t qmqp_port = 628;
constexpr std::chrono::seconds to_connect{10}, standstill{60};
constexpr std::size_t piece = 65536;

std::optional<net::Endpoint> endpoint(std::string_view address, std::string_view port)
{
    const auto ip = net::IpAddress::parse(address);
    const auto number = parse_number<std::uint16_t>(port);
    if (!ip || !number || *number == 0) return std::nullopt;
    return net::Endpoint{*ip, *number};
}

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

std::optional<net::Endpoint> parse_qmqp_server(std::string_view text)
{
    const std::string usual = std::to_string(qmqp_port);
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const auto behind = text.substr(end + 1);
        if (behind.empty()) return endpoint(text.substr(1, end - 1), usual);
        return behind.front() == ':' ? endpoint(text.substr(1, end - 1), behind.substr(1))
                                     : std::nullopt;
    }
    if (std::count(text.begin(), text.end(), ':') != 1) return endpoint(text, usual);
    const auto colon = text.find(':');
    return endpoint(text.substr(0, colon), text.substr(colon + 1));
}

QmqpReply::State QmqpReply::take(std::string_view bytes)
{
    for (const char c : bytes) {
        if (letter_ == 0 && (c == 'K' || c == 'Z' || c == 'D')) {
            letter_ = c;
        } else if (letter_ == 0) {
            if (++before_ > most_before) return State::nonsense;
            if (is_digit(c) && size_known_)
                expected_ = std::min<std::size_t>(
                    expected_ * 10 + static_cast<std::size_t>(c - '0'), longest_text + 1);
            else
                size_known_ = size_known_ && c == ':';
        } else if (text_.size() + 1 < expected_) {
            text_ += c;
        }
    }
    return letter_ != 0 && (!size_known_ || text_.size() + 1 >= expected_) ? State::done
                                                                           : State::more;
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
