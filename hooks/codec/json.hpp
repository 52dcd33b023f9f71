// JSON texts, both ways (RFC 8259). Bounded memory and stack whatever the text is.
#pragma once

#include "hooks/codec/value_builder.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::hooks {

void read_json(std::string_view text, ValueBuilder& into);

// What is no UTF-8 becomes U+FFFD. more: octets that will be appended.
std::string write_json(const boost::json::value& value, std::size_t more = 0);

}
