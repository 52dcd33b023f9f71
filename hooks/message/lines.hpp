// Line ends: kept as LF, counted and shown as CRLF (mta-hooks C3). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace grapnel::hooks {

std::uint64_t crlf_size(std::string_view text);       // octets of it with CRLF
std::string crlf(std::string_view text);              // each LF becomes CRLF
void drop_carriage_returns(std::string& text);        // each CRLF becomes LF
std::string_view first_line(std::string_view text);   // with its LF, if it has one
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

}
