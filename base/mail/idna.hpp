// Domain names beyond ASCII (IDNA2008, RFC 5890): the form that the DNS knows. The only file that
// knows libidn2. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grapnel {

// "bücher.example" gives "xn--bcher-kva.example"; ASCII stays as it is. nullopt: no such name.
std::optional<std::string> ascii_domain(std::string_view domain);

}
