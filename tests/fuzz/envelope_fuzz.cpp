// Envelope: whole and in pieces, the same is understood; what is understood survives encoding.
#include "base/mail/envelope.hpp"
#include "fuzz/require.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;

namespace {

std::vector<std::string> read_in_pieces(std::string_view wire, std::size_t piece, bool& ended,
                                        bool& good)
{
    EnvelopeReader reader;
    std::vector<std::string> seen;
    while (!wire.empty() && !reader.ended() && reader.problem() == EnvelopeReader::Problem::none) {
        auto part = wire.substr(0, piece);
        const auto before = part.size();
        if (auto item = reader.take(part)) seen.push_back(item->letter + item->address);
        if (before == part.size()) break;
        wire.remove_prefix(before - part.size());
    }
    ended = reader.ended();
    good = reader.problem() == EnvelopeReader::Problem::none;
    return seen;
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view wire(reinterpret_cast<const char*>(data), size);
    bool ended = false, good = false, ended_slowly = false, good_slowly = false;
    const auto at_once = read_in_pieces(wire, size + 1, ended, good);
    const auto slowly = read_in_pieces(wire, 1, ended_slowly, good_slowly);
    require(at_once == slowly && ended == ended_slowly && good == good_slowly);

    if (const auto envelope = decode_envelope(wire)) {
        require(ended && good);
        const auto again = decode_envelope(encode(*envelope));
        require(again.has_value());
        require(again->sender == envelope->sender && again->recipients == envelope->recipients &&
                again->extensions == envelope->extensions);
    }
    return 0;
}
