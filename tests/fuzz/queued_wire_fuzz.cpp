// Frames of run/queued: what is understood is said again in the same bytes; nothing is longer than
// allowed.
#include "fuzz/require.hpp"
#include "queue/queued_wire.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel::queue;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (auto rest = bytes; const auto head = decode_frame_head(rest);) {
        require(head->length <= longest_frame);
        require(encode(*head) == rest.substr(0, FrameHead::size));
        rest.remove_prefix(FrameHead::size);
        const auto payload = rest.substr(0, head->length);
        if (const auto answer = decode_answer(payload)) {
            const auto again = encode(*answer);
            require(again.substr(FrameHead::size) == payload.substr(0, 5 + 255));
        }
        if (payload.size() < head->length) break;
        rest.remove_prefix(payload.size());
    }
    std::string wire, joined;
    append_frames(wire, FrameHead::Kind::message, bytes);
    for (std::string_view rest = wire; !rest.empty();) {
        const auto head = decode_frame_head(rest);
        require(head && head->length > 0 && rest.size() >= FrameHead::size + head->length);
        joined += rest.substr(FrameHead::size, head->length);
        rest.remove_prefix(FrameHead::size + head->length);
    }
    require(joined == bytes);
    return 0;
}
