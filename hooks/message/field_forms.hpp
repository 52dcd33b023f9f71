// The forms in which JMAP shows a header field's value (RFC 8621 4.1.2), and which field may be
// seen in which. Pure.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

enum class Form : std::uint8_t { raw, text, addresses, grouped_addresses, message_ids, date, urls };
std::optional<Form> form_named(std::string_view name);   // "asText"
bool may_have_form(std::string_view field, Form form);

boost::json::value in_form(std::string_view value, Form form);   // null: cannot be read so

std::string raw_form(std::string_view value);    // CRLF in folds, octets that are no UTF-8 U+FFFD
std::string text_form(std::string_view value);   // unfolded, decoded
std::optional<std::vector<std::string>> message_ids_form(std::string_view value);

}
