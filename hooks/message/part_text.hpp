// The content of one part, decoded: octets, and characters where it is text.
#pragma once

#include "hooks/message/structure.hpp"

#include <cstdint>
#include <string>

namespace grapnel::hooks {

Octets part_octets(const Structure& structure, const Part& part);
std::uint64_t part_size(const Structure& structure, const Part& part);   // of these octets

struct PartText {
    std::string value;      // Unicode, LF line ends
    bool problem = false;   // it does not say all that is in the octets
};
PartText part_text(const Structure& structure, const Part& part);
// Of a beginning of the content, this much of it; for a preview.
PartText beginning_of_text(const Structure& structure, const Part& part, std::size_t most);

}
