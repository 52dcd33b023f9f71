// The smallest pieces of structured header fields (RFC 5322 3.2): comments, blanks, quoted strings.
// Each function takes from the front of text; every octet is looked at once. Pure.
#pragma once

#include <string>
#include <string_view>

namespace grapnel::hooks {

// Blanks, line ends and comments, nested ones too.
void skip_blanks_and_comments(std::string_view& text);
// text begins with "(": what stands between the outermost parentheses; to the end where it is never
// closed. Quoted pairs are undone.
std::string take_comment(std::string_view& text);
// text begins with '"': the content, quoted pairs and folds undone.
std::string take_quoted(std::string_view& text);
// Up to the first of these; may be empty.
std::string_view take_until_any(std::string_view& text, std::string_view stops);

// Line ends removed, blanks at the beginning too: JMAP's unfolding (RFC 8621 4.1.2.2).
std::string unfolded(std::string_view value);

}
