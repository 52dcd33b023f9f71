// One CBOR item after the other, heads and definite strings, as libcbor's stream decoder finds
// them: it allocates nothing. Knows no nesting.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace grapnel::hooks {

struct CborToken {
    enum class Kind : std::uint8_t {
        positive,
        negative,   // -1 - number
        bytes,
        text,
        array,   // of number items
        map,     // of number pairs
        open_bytes,
        open_text,
        open_array,
        open_map,
        stop,   // ends what was opened
        tag,
        real,
        boolean,
        null,
        undefined
    };
    Kind kind = Kind::undefined;
    std::uint64_t number = 0;
    double real = 0;
    std::string_view content = {};   // of bytes and text, in what is read
};

class CborTokens {
public:
    explicit CborTokens(std::string_view bytes) : left_(bytes) {}

    std::optional<CborToken> next();   // nullopt: cut short, or nothing that RFC 8949 knows
    std::string_view left() const { return left_; }

private:
    std::string_view left_;
};

}
