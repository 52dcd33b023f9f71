#include "base/pattern.hpp"

#include <array>

#include <regex.h>

namespace grapnel {

namespace {
constexpr std::size_t longest_pattern = 1000;
}

struct Pattern::State {
    regex_t compiled{};
    bool whole = false;

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State()
    {
        if (whole) ::regfree(&compiled);
    }
};

std::optional<Pattern> Pattern::compile(std::string_view text, std::string* problem)
{
    if (text.size() > longest_pattern) {
        if (problem) *problem = "longer than 1000 octets";
        return std::nullopt;
    }
    const std::string words(text);
    auto state = std::make_shared<State>();
    const int error =
        ::regcomp(&state->compiled, words.c_str(), REG_EXTENDED | REG_ICASE | REG_NOSUB);
    if (error != 0) {
        std::array<char, 100> reason{};
        ::regerror(error, &state->compiled, reason.data(), reason.size());
        if (problem) *problem = reason.data();
        return std::nullopt;
    }
    state->whole = true;
    return Pattern(std::move(state));
}

bool Pattern::is_found_in(std::string_view text) const
{
    const std::string words(text);
    return ::regexec(&state_->compiled, words.c_str(), 0, nullptr, 0) == 0;
}

std::string quote_for_pattern(std::string_view text)
{
    std::string result;
    for (const char c : text) {
        if (std::string_view(".[]()*+?{}|^$\\").find(c) != std::string_view::npos) result += '\\';
        result += c;
    }
    return result;
}

}
