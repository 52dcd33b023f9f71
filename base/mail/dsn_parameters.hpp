// The parameters of MAIL and RCPT by which reports are asked for (RFC 3461 4): which values are
// any. They travel as they are written; xtext stays xtext. Pure.
#pragma once

#include <string_view>

namespace grapnel {

inline constexpr std::size_t longest_envelope_id = 100, longest_original_recipient = 500;

bool is_ret(std::string_view value);      // FULL, HDRS
bool is_envid(std::string_view value);    // xtext
bool is_notify(std::string_view value);   // NEVER, or some of SUCCESS, FAILURE, DELAY

// TYPE;xtext. What the address means is nobody's business here. international: "utf-8;" may be
// followed by an address as it is (RFC 6533 3).
bool is_orcpt(std::string_view value, bool international = false);

}
