// The spawn protocol, commands and reports: the same whole and byte by byte, and both ways.
#include "fuzz/require.hpp"
#include "queue/delivery.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace grapnel::queue;

namespace {

template <class Reader>
std::vector<std::string> read_in_pieces(std::string_view bytes, std::size_t piece)
{
    Reader reader;
    std::vector<std::string> seen;
    while (!bytes.empty()) {
        auto part = bytes.substr(0, piece);
        const auto before = part.size();
        while (!part.empty()) {
            const auto left = part.size();
            if (const auto item = reader.take(part)) seen.push_back(encode(*item));
            if (part.size() == left) return seen;
        }
        bytes.remove_prefix(before);
    }
    return seen;
}

template <class Reader>
void check(std::string_view bytes)
{
    const auto at_once = read_in_pieces<Reader>(bytes, bytes.size() + 1);
    require(at_once == read_in_pieces<Reader>(bytes, 1));
    std::string joined;
    for (const auto& one : at_once) joined += one;
    require(read_in_pieces<Reader>(joined, 3) == at_once);
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check<JobReader>(bytes);
    check<ReportReader>(bytes);
    if (const auto offer = decode_offer({question_number, 'K', std::string(bytes)}))
        require(decode_offer(encode(*offer)) == offer);
    return 0;
}
