// Headers (corpus): split alike whatever the pieces, nothing lost, every field one that find_field
// finds.
#include "base/mail/header.hpp"
#include "fuzz/require.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace grapnel;

namespace {

struct Split {
    std::vector<std::string> fields;
    std::string rest;
    bool empty_line = false, too_long = false;
    bool operator==(const Split&) const = default;
};

Split split(std::string_view text, std::size_t piece)
{
    HeaderSplitter splitter(64 * 1024);
    Split result;
    std::string_view bytes;
    for (;;) {
        const bool out_of_input = bytes.empty() && text.empty();
        if (bytes.empty()) {
            bytes = text.substr(0, piece);
            text.remove_prefix(bytes.size());
        }
        switch (out_of_input ? splitter.finish() : splitter.take(bytes)) {
        case HeaderSplitter::Step::more:
            break;
        case HeaderSplitter::Step::field:
            result.fields.push_back(splitter.field());
            break;
        case HeaderSplitter::Step::too_long:
            result.too_long = true;
            return result;
        case HeaderSplitter::Step::end:
            result.empty_line = splitter.empty_line();
            result.rest = splitter.rest() + std::string(bytes) + std::string(text);
            return result;
        }
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto whole = split(text, text.size() + 1);
    require(split(text, 1 + size % 7) == whole);
    if (whole.too_long) return 0;
    std::string joined;
    for (const auto& field : whole.fields) {
        const auto name = field_name(field);
        require(name.has_value());
        require(find_field(field, *name) == field);
        require(unfold(fold(field)) == unfold(field));
        joined += field;
    }
    require(joined + (whole.empty_line ? "\n" : "") + whole.rest == text);
    return 0;
}
