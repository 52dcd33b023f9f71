// JSON Pointer (RFC 6901): at most 512 octets, 16 tokens. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

class Pointer {
public:
    // nullopt: no pointer, or over a limit. "" is the whole document.
    static std::optional<Pointer> parse(std::string_view text);
    static Pointer of(std::vector<std::string> tokens);   // unescaped

    std::size_t size() const { return tokens_.size(); }
    const std::string& operator[](std::size_t n) const { return tokens_[n]; }
    const std::vector<std::string>& tokens() const { return tokens_; }
    std::string text() const;

    bool covers(const Pointer& other) const;   // other is this one, or lies below it
    bool operator==(const Pointer&) const = default;

private:
    std::vector<std::string> tokens_;   // unescaped
};

// "0", "17"; nullopt: no array index. Leading zeros are none.
std::optional<std::size_t> array_index(std::string_view token);

// Every entry of either list that an entry of the other covers, in the order of the first list.
std::vector<Pointer> intersection(const std::vector<Pointer>& a, const std::vector<Pointer>& b);
bool covered(const Pointer& pointer, const std::vector<Pointer>& list);

}
