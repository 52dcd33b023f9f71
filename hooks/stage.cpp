#include "hooks/stage.hpp"

namespace grapnel::hooks {

namespace {

constexpr std::array<std::string_view, stage_count> stage_names{
    "connect", "ehlo", "mail", "rcpt", "data", "delivery", "defer", "dsn"};
constexpr std::array<std::string_view, 7> action_names{
    "accept", "quarantine", "reject", "discard", "disconnect", "continue", "cancel"};

template <class Value, std::size_t count>
std::optional<Value> named(const std::array<std::string_view, count>& names, std::string_view name)
{
    for (std::size_t n = 0; n < count; ++n)
        if (names[n] == name) return static_cast<Value>(n);
    return std::nullopt;
}

}

std::string_view name(Stage stage) { return stage_names[static_cast<std::size_t>(stage)]; }
std::optional<Stage> stage_named(std::string_view name) { return named<Stage>(stage_names, name); }

std::string_view name(Action action) { return action_names[static_cast<std::size_t>(action)]; }
std::optional<Action> action_named(std::string_view name)
{
    return named<Action>(action_names, name);
}

}
