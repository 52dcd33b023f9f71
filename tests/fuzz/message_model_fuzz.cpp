// Any text as a message (corpus): it has properties, all of them UTF-8; it is written and read as
// it came; its parts lie in it, in order.
#include "fuzz/require.hpp"
#include "hooks/message/message.hpp"
#include "hooks/message/structure.hpp"
#include "hooks/values/utf8.hpp"

#include <boost/json/serialize.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace grapnel::hooks;

namespace {

std::string read(const Message& message, std::size_t room)
{
    Message::Reader reader(message);
    std::string text, piece(room, '\0');
    while (const auto n = reader.read(piece.data(), room)) text.append(piece, 0, n);
    return text;
}

void check_parts(std::string_view text, bool binary)
{
    const auto split = split_header(text);
    const auto structure = parse_mime(split.header, split.body, binary);
    require(structure.parts.size() <= most_parts);
    std::size_t at = 0;
    for (const auto& part : structure.parts) {
        require(part.header.begin <= part.header.end && part.header.end <= part.content.begin);
        require(part.content.begin <= part.content.end && part.content.end <= split.body.size());
        require(part.header.begin >= at);
        at = part.is_multipart ? part.content.begin : part.content.end;
        const auto content = part.content.of(split.body);
        std::size_t lines = 0;
        for (const char c : content) lines += c == '\n' ? 1 : 0;
        require((binary ? 0 : lines) == part.lines);
        require(part.is_multipart == !part.children.empty());
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string text(reinterpret_cast<const char*>(data), size);
    const Message message(text);
    std::string crlf;
    for (const char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    require(read(message, 4096) == crlf);
    require(read(message, 1 + size % 5) == crlf);
    require(message.size() == crlf.size());

    const auto all = message.properties({Pointer()});
    require(all.size() == 20);
    require(is_utf8(boost::json::serialize(all)));
    for (const auto* form :
         {"Raw", "Text", "Addresses", "GroupedAddresses", "MessageIds", "Date", "URLs"})
        for (const auto* field : {"/header:Subject:as", "/header:To:as", "/header:X-A:as"})
            require(is_utf8(boost::json::serialize(
                message.properties({*Pointer::parse(std::string(field) + form + ":all")}))));
    message.has_attachment();
    check_parts(text, false);

    // Its body is shown as it is.
    const Message octets(text, true);
    const auto body = split_header(text).body;
    std::string sent;
    for (const char c : text.substr(0, text.size() - body.size()))
        sent += c == '\n' ? std::string("\r\n") : std::string(1, c);
    sent += body;
    require(read(octets, 1 + size % 7) == sent);
    require(octets.size() == sent.size());
    require(is_utf8(boost::json::serialize(octets.properties({Pointer()}))));
    check_parts(text, true);
    return 0;
}
