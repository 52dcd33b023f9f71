// Recorded behaviour of the original (tests/compat/*.txt, format in its README.md): read, and our
// own output brought into the same form.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::test {

// One block: keys with their values, escapes resolved, in order.
class Recorded {
public:
    explicit Recorded(std::vector<std::pair<std::string, std::string>> entries);

    const std::string& name() const { return entries_.front().second; }
    const std::vector<std::pair<std::string, std::string>>& entries() const { return entries_; }
    std::string value(std::string_view key,
                      std::string_view fallback = "") const;   // the first one
    bool has(std::string_view key) const;
    int number(std::string_view key, int fallback = 0) const;
    std::vector<std::string> all(std::string_view key) const;
    std::vector<std::pair<std::string, std::string>>
    pairs(std::string_view key) const;   // NAME=CONTENT

private:
    std::vector<std::pair<std::string, std::string>> entries_;
};

// tests/compat/FILE. Throws std::runtime_error where it is malformed.
std::vector<Recorded> read_recorded(const std::string& file);

std::string replace_all(std::string text, std::string_view from, std::string_view to);

// Dates, Message-IDs and unix seconds of about now become @DATE@, @CTIME@, @MSGID@, @TIME@; then
// each `replacement` is applied, longest first: {home, "@QMAIL@"} …
std::string with_placeholders(std::string text,
                              std::vector<std::pair<std::string, std::string>> replacements = {});

}
