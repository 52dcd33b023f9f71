// Does what qmail-queue does, on another host: by QMQP. qmail-qmqpc(8).
#include "base/mail/address.hpp"
#include "base/net/loop.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "base/text.hpp"
#include "queue/exit_code.hpp"
#include "queue/trouble.hpp"
#include "remote/qmqp_client.hpp"
#include "remote/qmqp_words.hpp"

#include <cerrno>
#include <csignal>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

using namespace grapnel;
using namespace grapnel::remote;
namespace exit_code = grapnel::queue::exit_code;

namespace {

constexpr std::size_t piece = 65536, longest_envelope = std::size_t{64} << 20;

std::vector<net::Endpoint> read_servers()
{
    try {
        const auto lines = Control("control").list("qmqpservers");
        if (!lines) throw Stop{exit_code::configuration};
        std::vector<net::Endpoint> servers;
        for (const auto& line : *lines)
            if (const auto server = parse_qmqp_server(line)) servers.push_back(*server);
        return servers;
    } catch (const std::system_error&) {
        throw Stop{exit_code::configuration};
    }
}

std::vector<std::string> read_message()
{
    std::vector<std::string> message;
    for (;;) {
        if (message.empty() || message.back().size() == piece) {
            message.emplace_back();
            message.back().reserve(piece);
        }
        auto& last = message.back();
        const auto before = last.size();
        last.resize(piece);
        const auto count = read_some(0, last.data() + before, piece - before);
        last.resize(before + count);
        if (count == 0) return message;
    }
}

// Extension records behind the empty one are for qmail-queue; QMQP has no place for them. Two are
// not to be lost: what was promised to the sender would not be kept.
void look_at_records(Reader& input)
{
    constexpr std::size_t longest = 8192;
    for (;;) {
        const auto record = input.record('\0', longest);
        if (!record || record->empty()) return;
        if (record->starts_with("requiretls=") || equal_ignoring_case(*record, "body=BINARYMIME"))
            throw Stop{exit_code::refused};
    }
}

void read_envelope(QmqpRequest& request)
{
    Reader input(1);
    std::size_t size = 0;
    for (bool first = true;; first = false) {
        std::optional<std::string> record;
        try {
            record = input.record('\0', longest_address + 1);
        } catch (const std::system_error& error) {
            if (error.code().value() == EMSGSIZE) throw Stop{exit_code::address_too_long};
            throw;
        }
        if (!record || (first && record->empty())) throw Stop{exit_code::bad_envelope};
        if (record->empty()) return look_at_records(input);
        if (record->front() != (first ? 'F' : 'T')) throw Stop{exit_code::bad_envelope};
        size += record->size();
        if (size > longest_envelope) throw Stop{exit_code::refused};
        if (first)
            request.sender = record->substr(1);
        else
            request.recipients.push_back(record->substr(1));
    }
}

QmqpRequest read_request()
{
    try {
        QmqpRequest request;
        request.message = read_message();
        read_envelope(request);
        return request;
    } catch (const std::system_error&) {
        throw Stop{exit_code::read_error};
    }
}

net::asio::awaitable<void> send(std::vector<net::Endpoint> servers, QmqpRequest request,
                                QmqpOutcome& outcome)
{
    outcome = co_await send_by_qmqp(std::move(servers), std::move(request));
}

// Throws Stop where nothing was sent.
QmqpOutcome hand_over()
{
    ignore_signal(SIGPIPE);
    try {
        change_directory(home());
    } catch (const std::system_error&) {
        throw Stop{exit_code::home};
    }
    auto servers = read_servers();
    row::qmail_qmqpc();
    auto request = read_request();
    QmqpOutcome outcome;
    net::run_until_done([&] { return send(std::move(servers), std::move(request), outcome); });
    return outcome;
}

}

int main()
{
    const bool wanted = queue::response_is_wanted();
    ensure_standard_descriptors();
    try {
        const auto outcome = hand_over();
        if (wanted && !outcome.text.empty()) queue::respond({outcome.exit_code, outcome.text});
        return outcome.exit_code;
    } catch (const Stop& stop) {
        return stop.exit_code;
    } catch (const std::bad_alloc&) {
        return exit_code::out_of_memory;
    } catch (const std::exception&) {
        return exit_code::internal;
    }
}
