// Domain names beyond ASCII (IDNA2008, RFC 5890): the form that the DNS knows. The only file that
// knows libidn2. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grapnel {

// "bücher.example" gives "xn--bcher-kva.example"; ASCII stays as it is. nullopt: no such name.
std::optional<std::string> ascii_domain(std::string_view domain);

// The same for the domain of an address, so that it can be told to who knows no SMTPUTF8. It stays
// as it is where its local part is beyond ASCII too, or the domain is no name.
std::string with_ascii_domain(std::string_view address);

}
