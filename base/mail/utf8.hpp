// UTF-8 (RFC 3629): what is, and the nearest to what is not. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel {

bool is_utf8(std::string_view text);

// Octets that belong to no character become U+FFFD, one for each longest beginning of one.
std::string make_utf8(std::string_view text);

}
