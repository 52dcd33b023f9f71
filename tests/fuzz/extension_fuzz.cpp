// Extension records in all three carriers: what is read is what was written.
#include "base/mail/extension.hpp"
#include "fuzz/require.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;

namespace {

// The levels of a block that comes in pieces, and how its reading ended.
std::string read_in_pieces(std::string_view bytes, std::size_t piece)
{
    ExtensionReader reader(7);
    std::string seen;
    const auto note = [&](const ExtensionReader::Level& level) {
        seen += level.recipient ? std::to_string(*level.recipient) : "message";
        seen += encode_tail(level.extensions) + '\n';
    };
    while (!bytes.empty()) {
        auto part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        while (const auto level = reader.take(part)) note(*level);
    }
    if (const auto level = reader.finish()) note(*level);
    return seen + std::to_string(static_cast<int>(reader.problem()));
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto record = decode_record(bytes)) {
        const auto again = decode_record(encode_record(record->first, record->second));
        require(again.has_value() && *again == *record);
    }
    if (const auto block = decode_block(bytes, 7)) {
        const auto again = decode_block(encode_block(*block), 7);
        require(again.has_value() && *again == *block);
    }
    require(read_in_pieces(bytes, size + 1) == read_in_pieces(bytes, 1));
    UnreadRecords unread;
    const auto tail = decode_tail(bytes);
    require(decode_tail(encode_tail(tail), &unread) == tail);
    require(unread.malformed == 0 && unread.required.empty());
    return 0;
}
