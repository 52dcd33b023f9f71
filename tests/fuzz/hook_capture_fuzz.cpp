// Captured calls: what is understood is written again, and then says the same.
#include "hooks/server/capture.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace grapnel::hooks;
    const auto capture = decode_capture({reinterpret_cast<const char*>(data), size});
    if (!capture) return 0;
    const auto once = encode(*capture);
    const auto again = decode_capture(once);
    if (!again || again->facts != capture->facts || again->message != capture->message ||
        encode(*again) != once)
        std::abort();
    return 0;
}
