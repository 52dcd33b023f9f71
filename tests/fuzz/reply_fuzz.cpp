// SMTP replies from a stream: the same whole and byte by byte; what we say again is understood
// again.
#include "base/mail/reply.hpp"
#include "fuzz/require.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;

namespace {

std::vector<Reply> read_in_pieces(std::string_view bytes, std::size_t piece, bool& broken)
{
    ReplyReader reader;
    std::vector<Reply> seen;
    broken = false;
    while (!bytes.empty()) {
        auto part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        while (!part.empty()) {
            const auto left = part.size();
            const auto state = reader.take(part);
            broken =
                state == ReplyReader::State::malformed || state == ReplyReader::State::too_long;
            if (broken) return seen;
            if (state == ReplyReader::State::done)
                seen.push_back(reader.release());
            else
                require(part.empty());
            require(part.size() < left);
        }
    }
    return seen;
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    bool broken = false, broken_slowly = false;
    const auto at_once = read_in_pieces(bytes, size + 1, broken);
    const auto slowly = read_in_pieces(bytes, 1, broken_slowly);
    require(at_once.size() == slowly.size() && broken == broken_slowly);
    for (std::size_t i = 0; i < at_once.size(); ++i) {
        require(at_once[i].code == slowly[i].code && at_once[i].lines == slowly[i].lines);
        bool bad = false;
        const auto again = read_in_pieces(encode(at_once[i]), 5, bad);
        require(!bad && again.size() == 1 && again[0].code == at_once[i].code);
    }
    return 0;
}
