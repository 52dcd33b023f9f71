// What qmail-lspawn and a process that delivers several messages say to each other: what is
// understood is said again as it was.
#include "fuzz/require.hpp"
#include "local/regular.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace grapnel::local;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto job = decode_regular_job(bytes)) require(encode(*job) == bytes);
    const auto reply = decode_regular_reply(bytes);
    if (!reply) return 0;
    require(!reply->code || (*reply->code >= 0 && *reply->code < 256));
    require(decode_regular_reply(encode(*reply)).value() == *reply);
    return 0;
}
