// The tree of parts as people see it: what is shown as text, as HTML, and what is attached
// (RFC 8621 4.1.4). Pure.
#pragma once

#include "hooks/message/structure.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

struct BodyLists {
    std::vector<std::size_t> text = {}, html = {}, attachments = {};   // positions in parts
};
BodyLists body_lists(const Structure& structure);

bool has_attachment(const Structure& structure);   // one that is not meant to be shown inline

}
