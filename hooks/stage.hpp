// The boundaries a message crosses, by the names of the protocol, and what a scanner may ask for
// there. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace grapnel::hooks {

enum class Stage : std::uint8_t { connect, ehlo, mail, rcpt, data, delivery, defer, dsn };
inline constexpr std::size_t stage_count = 8;
inline constexpr std::array<Stage, stage_count> all_stages{
    Stage::connect, Stage::ehlo,     Stage::mail,  Stage::rcpt,
    Stage::data,    Stage::delivery, Stage::defer, Stage::dsn};

enum class Direction : std::uint8_t { inbound, outbound };
constexpr Direction direction(Stage stage)
{
    return stage < Stage::delivery ? Direction::inbound : Direction::outbound;
}
// Whether there is a message at that stage.
constexpr bool has_message(Stage stage) { return stage >= Stage::data; }

std::string_view name(Stage stage);
std::optional<Stage> stage_named(std::string_view name);

// A set of stages.
class Stages {
public:
    constexpr Stages() = default;
    constexpr Stages(std::initializer_list<Stage> stages)
    {
        for (const Stage stage : stages) add(stage);
    }
    constexpr bool has(Stage stage) const { return bits_ >> index(stage) & 1U; }
    constexpr void add(Stage stage)
    {
        bits_ = static_cast<std::uint8_t>(bits_ | 1U << index(stage));
    }
    constexpr bool empty() const { return bits_ == 0; }
    bool operator==(const Stages&) const = default;

private:
    static constexpr unsigned index(Stage stage) { return static_cast<unsigned>(stage); }
    std::uint8_t bits_ = 0;
};

// Inbound by rising strength, the last three end a chain; then the outbound ones.
enum class Action : std::uint8_t {
    accept,
    quarantine,
    reject,
    discard,
    disconnect,
    proceed,   // "continue"
    cancel
};
std::string_view name(Action action);
std::optional<Action> action_named(std::string_view name);
constexpr Direction direction(Action action)
{
    return action < Action::proceed ? Direction::inbound : Direction::outbound;
}
constexpr bool is_terminal(Action action)
{
    return action != Action::accept && action != Action::quarantine && action != Action::proceed;
}

}
