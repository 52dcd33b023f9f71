// Header lines longer than RFC 5322 2.1.1 lets them be, folded where a blank may stand. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

inline constexpr std::size_t longest_header_line = 998;   // without its line end

// Trace fields, signatures and what lists are known by: nobody but their makers wraps them.
bool may_be_folded(std::string_view name);

// field: as it stands, LFs included. of_addresses: a blank may be added behind each comma. Lines
// that are short enough, and words that are too long, stay as they are.
std::string with_long_lines_folded(std::string_view field, bool of_addresses);

}
