// A header field as it is written for a scanner (mta-hooks C51, section 17): checked, folded where
// a line would be too long, encoded where it is not ASCII. LF line ends. Pure.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::hooks {

inline constexpr std::size_t longest_name = 76, longest_value = 64 * 1024, longest_line = 998;

Result<> check_field_name(std::string_view name);

// value: UTF-8, folded with CRLF or LF, or not. The field ends with LF.
Result<std::string> field_text(std::string_view name, std::string_view value, bool smtputf8);
// The same for text that may say anything: what looks like an encoded word becomes one.
Result<std::string> text_field(std::string_view name, std::string_view text, bool smtputf8);

}
