// The tokens of header address fields: read, printed, and each address of a list rewritten in
// place. RFC 822 rather than 5322: lists are read from right to left, so that missing commas can be
// guessed. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::inject {

struct Token {
    enum class Kind {
        atom,
        quoted,
        literal,
        comment,
        at,
        dot,
        comma,
        colon,
        semicolon,
        left,
        right
    };
    Kind kind;
    std::string text = {};   // of the first four kinds, without quotes, brackets, backslashes
    bool operator==(const Token&) const = default;
};
using Tokens = std::vector<Token>;

// nullopt: something is not closed, or closed without having been opened.
std::optional<Tokens> tokenize(std::string_view text);

// As it stands in a header, quoted where needed. Lines are broken behind commas so as to have at
// most width columns, and continued with two blanks. No LF at the end.
std::string print(const Tokens& tokens, std::size_t width = 80);

// An address as the envelope has it: nothing quoted, comments left out.
std::string plain(const Tokens& tokens);

// An envelope address written so that tokenize understands it: its local part quoted where needed.
std::string quoted(std::string_view address);
bool needs_quotes(std::string_view local);   // 8-bit octets count as special here

// Calls rewrite for each address of the list, the last one first, and returns the list with what
// rewrite made of them. Commas that were missing are put in. nullopt: the list makes no sense;
// rewrite may have seen some of its addresses all the same.
using Rewrite = std::function<void(Tokens& address)>;
std::optional<Tokens> rewrite_list(Tokens list, const Rewrite& rewrite);

}
