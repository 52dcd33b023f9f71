// How filters compare text (mta-hooks C73): case-blind, "*" in a pattern for any run of characters.
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace grapnel::hooks {

// UTF-8, letter by letter in lower case; bytes that are none stay. Texts are compared in this form.
std::string fold_case(std::string_view text);

// Both folded. The whole text must match.
bool matches_pattern(std::string_view pattern, std::string_view text);

}
