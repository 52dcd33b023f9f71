// SRS addresses from strangers: what leads somewhere is what we made, and what we make leads back.
#include "base/mail/srs.hpp"
#include "base/text.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    constexpr std::time_t now = 1700000000;
    Srs srs;
    srs.domain = "fwd.example";
    srs.secrets = {"hush"};
    if (const auto found = srs_reverse(srs, bytes, now); found && found->empty()) std::abort();
    const auto made = srs_forward(srs, bytes, now);
    if (made == bytes) return 0;
    const auto back = srs_reverse(srs, made, now);
    if (!back) std::abort();
    if (made.starts_with("SRS0") && *back != bytes) std::abort();
    return 0;
}
