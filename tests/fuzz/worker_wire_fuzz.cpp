// Packets between qmail-rspawn and its workers: what is read is written the same way again.
#include "fuzz/require.hpp"
#include "remote/worker_wire.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel::remote;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto greeting = decode_greeting(bytes))
        require(decode_greeting(encode(*greeting)) == greeting);
    if (const auto job = decode_worker_job(bytes)) require(decode_worker_job(encode(*job)) == job);
    if (const auto report = decode_worker_report(bytes))
        require(decode_worker_report(encode(*report)) == report);
    return 0;
}
