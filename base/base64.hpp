// Base64 as SASL over SMTP has it: one piece, padded, nothing else in it (RFC 4954 4, RFC 4648 4).
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grapnel {

std::string to_base64(std::string_view bytes);

// nullopt: any other octet, missing or misplaced padding, or bits left over that are not 0.
std::optional<std::string> from_base64(std::string_view text);

}
