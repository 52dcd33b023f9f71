// The placeholders of recorded behaviour (tests/compat/README.md): put into inputs, and what a
// program of ours put out compared with text that holds them.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace grapnel::test {

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
