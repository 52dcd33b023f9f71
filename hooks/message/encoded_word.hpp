// Encoded words (RFC 2047, RFC 2231 5): text beyond ASCII in header fields, both ways. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::hooks {

// text: one line. Words that are right and of a known charset are decoded, all others stay. The
// result is UTF-8.
std::string decode_words(std::string_view text);

// Whether everything that looks like an encoded word is one (mta-hooks section 17).
bool all_words_are_right(std::string_view text);

// text: UTF-8, one line, any characters but line ends. From the first word that needs it to the
// last becomes encoded words, so that decode_words gives text again. column: where the text begins.
// Lines are folded with LF.
std::string encode_words(std::string_view text, std::size_t column);
std::string encode_phrase(std::string_view text, std::size_t column);   // all of it
bool needs_encoded_words(std::string_view text);

}
