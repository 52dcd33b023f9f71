// Control files: one setting per file, in qmail's grammar (contract: "Control files"). Absent is an
// answer; unreadable throws system_error that names the file. Files are limited to 64 MiB.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

class Control {
public:
    explicit Control(std::string directory);   // usually home() + "/control"
    Control();                                 // that

    // First line without trailing spaces, tabs, newlines; an existing empty file gives "".
    std::optional<std::string> line(std::string_view name) const;
    // line, else control/me, else the literal.
    std::string line_or_me(std::string_view name, std::string_view literal) const;
    // Every line, trailing blanks removed; empty lines and those that begin with # are dropped.
    std::optional<std::vector<std::string>> list(std::string_view name) const;
    // Leading digits of the first line; without any the fallback.
    std::uint64_t integer(std::string_view name, std::uint64_t fallback) const;

    const std::string& directory() const { return directory_; }
    std::string path(std::string_view name) const { return directory_ + '/' + std::string(name); }

private:
    std::string directory_;
};

}
