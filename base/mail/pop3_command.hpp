// A command of POP3: a word, and what follows it. RFC 1939 3. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel {

struct Pop3Command {
    std::string word;       // in lower case; may be empty
    std::string argument;   // blanks before it are gone; those inside and behind it are its own
};

// line: without its line end. nullopt: it has a NUL, behind which others would read nothing.
std::optional<Pop3Command> parse_pop3_command(std::string_view line);

// The answer to CAPA, before and after the user has been let in: RFC 2449 5.
inline constexpr std::string_view pop3_capabilities =
    "+OK \r\nTOP\r\nUSER\r\nUIDL\r\nPIPELINING\r\n.\r\n";

// The number that a text begins with; text is what follows it and blanks. nullopt: there is no
// digit, text is as before. One that is too big for anything is the greatest there is.
std::optional<std::uint64_t> take_number(std::string_view& text);

}
