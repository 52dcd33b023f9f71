// What a QMQP server says: the same whole and byte by byte; never more text than is wanted.
#include "fuzz/require.hpp"
#include "remote/qmqp_words.hpp"

#include <cstdint>
#include <cstdlib>

using grapnel::remote::parse_qmqp_server;
using grapnel::remote::QmqpReply;

namespace {

QmqpReply read_in_pieces(std::string_view bytes, std::size_t piece)
{
    QmqpReply reply;
    while (!bytes.empty()) {
        const auto part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        if (reply.take(part) == QmqpReply::State::nonsense) break;
    }
    return reply;
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = read_in_pieces(bytes, size + 1), slow = read_in_pieces(bytes, 1);
    require(whole.letter() == slow.letter() && whole.text() == slow.text());
    require(whole.text().size() <= QmqpReply::longest_text);
    require(std::string_view("KZD").find(whole.letter()) != std::string_view::npos ||
            (whole.letter() == 0 && whole.text().empty()));
    if (const auto server = parse_qmqp_server(bytes)) {
        const auto again = parse_qmqp_server(server->text());
        require(again == server && server->port != 0);
    }
    return 0;
}
