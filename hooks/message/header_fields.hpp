// The header of a message as ranges: whole fields with their folds and line ends, the line that
// ends them, and what follows. Odd messages as in mta-hooks C54. LF line ends. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

inline constexpr std::size_t most_fields = 10'000;

struct Field {
    std::string_view text = {};   // with its folds; the last line of a message may lack its LF
    std::size_t name_size = 0;
    std::shared_ptr<const std::string> added = {};   // owns text where an edit wrote it

    std::string_view name() const { return text.substr(0, name_size); }
    std::string_view value() const;           // from the colon to the line end, both excluded
    bool is(std::string_view wanted) const;   // without regard to case
};
Field added_field(std::string text);   // text: a whole field

struct Header {
    std::vector<Field> fields;
    std::string_view separator = {};   // "\n"; "" where the body follows without an empty line
    bool cut = false;                  // most_fields reached: more fields lie in the body

    std::optional<std::size_t> last(std::string_view name) const;   // position
};

struct SplitText {
    Header header;
    std::string_view body;
};
SplitText split_header(std::string_view text);

}
