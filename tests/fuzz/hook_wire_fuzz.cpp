// Frames of run/hookd: what is understood is said again, and then means the same; nothing else
// happens, however they lie.
#include "fuzz/require.hpp"
#include "hooks/wire/wire.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel::hooks;

namespace {

std::string said_again(const wire::Saying& saying)
{
    return std::visit([](const auto& said) { return wire::encode(said); }, saying);
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto saying = wire::decode(bytes)) {
        const auto once = said_again(*saying);
        const auto twice = wire::decode(std::string_view(once).substr(4));
        require(twice.has_value());
        require(said_again(*twice) == once);
    }
    wire::FrameBuffer frames(1000);
    for (auto rest = bytes; !rest.empty();) {
        const auto taken = frames.add(rest.substr(0, 7));
        rest.remove_prefix(taken);
        if (const auto frame = frames.take()) require(frame->size() <= 1000);
        if (taken == 0) {
            require(frames.is_too_long());
            break;
        }
    }
    return 0;
}
