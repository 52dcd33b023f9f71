// Characters: the charsets of mail to UTF-8 and back, by the system's iconv.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

struct Characters {
    std::string text;       // always valid UTF-8
    bool problem = false;   // charset unknown, or octets that it has not: U+FFFD stands there
};

// An unknown charset is read as UTF-8. ASCII with octets above 127 is, too; both are problems.
Characters to_utf8(std::string_view octets, std::string_view charset);
// nullopt: unknown, it has not all of these characters, or ASCII is not itself in it.
std::optional<std::string> from_utf8(std::string_view text, std::string_view charset);

// iconv opens its tables when a charset is first used, and keeps them: for a program that is about
// to give up opening files.
void load_charsets();

}
