// Names and passwords in the one form in which they are compared: SASLprep (RFC 4013), by libidn.
#pragma once

#include "base/net/secrets.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::sasl {

inline constexpr std::size_t longest_name = 255;

// nullopt: not UTF-8, or holds what must not be in it (controls, bidirectional mixtures …), or is
// empty, or too long.
std::optional<std::string> prepare_name(std::string_view name);
// A password that cannot be prepared stays as it is: it was typed like that when it was set, too.
net::Secret prepare_password(std::string_view password);

}
