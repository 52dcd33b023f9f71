// POSIX extended regular expressions of the C library, without regard to case. Texts are matched up
// to their first NUL.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel {

class Pattern {
public:
    // nullopt: it is none, or is longer than 1000 octets; problem says why.
    static std::optional<Pattern> compile(std::string_view text, std::string* problem = nullptr);
    bool is_found_in(std::string_view text) const;   // anywhere in it

private:
    struct State;
    explicit Pattern(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;
};

// The expression that finds exactly this text; "*" and "?" stand for themselves.
std::string quote_for_pattern(std::string_view text);

}
