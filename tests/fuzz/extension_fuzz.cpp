// Extension records in all three carriers: what is read is what was written.
#include "base/mail/extension.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;

namespace {

void require(bool claim)
{
    if (!claim) std::abort();
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
    std::size_t skipped = 0;
    const auto tail = decode_tail(bytes, &skipped);
    skipped = 0;
    require(decode_tail(encode_tail(tail), &skipped) == tail && skipped == 0);
    return 0;
}
