// Recorded behaviour of the original (README.md here): the files read as blocks, and what a program
// of ours put out compared with what was recorded, placeholders and all.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::test {

struct Block {
    std::string name;
    std::size_t line = 0;                                      // of its first key
    std::vector<std::pair<std::string, std::string>> fields;   // in order, unescaped

    std::optional<std::string> value(std::string_view key) const;   // the first one
    std::string text(std::string_view key) const { return value(key).value_or(""); }
    std::vector<std::string> values(std::string_view key) const;
    // "NAME=CONTENT" values, split at the first "=".
    std::vector<std::pair<std::string, std::string>> pairs(std::string_view key) const;
    bool has(std::string_view key) const { return value(key).has_value(); }
};

// A file of tests/compat, by its name there. Throws where it is not written as README.md says.
std::vector<Block> read_blocks(const std::string& file);
std::vector<Block> parse_blocks(std::string_view text);

// Placeholders whose value the test knows: {"HOME", "/tmp/…"}, {"UID:vic", "1001"}.
using Known = std::map<std::string, std::string, std::less<>>;

// Known placeholders replaced; others stay. For inputs.
std::string expand(std::string_view text, const Known& known);

// Whether actual is what was recorded. @PID@, @TIME@, @CTIME@, @DATE@ and @MSGID@ stand for
// anything of their form where they are not known.
bool matches(std::string_view recorded, std::string_view actual, const Known& known);

// For messages of failed tests: bytes outside printable ASCII escaped, line ends kept visible.
std::string visible(std::string_view text);

}
