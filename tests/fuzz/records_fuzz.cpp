// Queue records: todo, info, local and remote; what is understood survives encoding.
#include "fuzz/require.hpp"
#include "queue/records.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel::queue;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (auto todo = decode_todo(bytes)) {
        todo->skipped_records = 0;
        const auto again = decode_todo(encode(*todo));
        require(again.has_value() && *again == *todo);
    }
    if (auto info = decode_info(bytes)) {
        info->skipped_records = 0;
        const auto again = decode_info(encode(*info));
        require(again.has_value() && *again == *info);
    }
    const auto channel = decode_channel_file(bytes);
    std::string again;
    for (const auto& record : channel.records) {
        require(record.offset == again.size());
        again += encode_channel_record(record.address, record.done);
    }
    require(bytes.starts_with(again));
    return 0;
}
