// JSON Pointers, one a line: text and tokens say the same; half of the list against the other half.
// The whole input as base64, too.
#include "base/text.hpp"
#include "fuzz/answer_rules.hpp"
#include "hooks/values/base64.hpp"

#include <cstdint>

using namespace grapnel;
using namespace grapnel::hooks;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    require(decode_base64(base64(text)) == text);
    if (const auto bytes = decode_base64(text)) require(base64(*bytes) == text);

    std::vector<Pointer> lists[2];
    std::size_t lines = 0;
    for (const auto line : split(text, '\n')) {
        if (++lines > 64) break;
        const auto pointer = Pointer::parse(line);
        if (!pointer) continue;
        require(pointer->text() == line && pointer->size() <= 16 && line.size() <= 512);
        require(pointer->covers(*pointer) && Pointer().covers(*pointer));
        if (line.size() > 1) require(Pointer::of(pointer->tokens()) == *pointer);
        lists[lines % 2].push_back(*pointer);
    }
    const auto both = intersection(lists[0], lists[1]);
    for (const auto& pointer : both)
        require(covered(pointer, lists[0]) && covered(pointer, lists[1]));
    for (const auto& list : lists)
        for (const auto& pointer : list)
            require(covered(pointer, both) ==
                    (covered(pointer, lists[0]) && covered(pointer, lists[1])));
    return 0;
}
