// Which stages any scanner of control/hooks/ wants, and what holds at each where qmail-hookd gives
// no answer: as much of the settings as smtpd, send and inject need. Without control/hooks/ nobody
// asks, and nothing is read but that one name.
#pragma once

#include "hooks/stage.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

// On a failure, by rising strictness (mta-hooks C67). accept: go on as if nobody had been asked.
enum class Policy : std::uint8_t { accept, quarantine, tempfail, reject };
std::string_view name(Policy policy);
std::optional<Policy> policy_named(std::string_view name);

struct Subscriptions {
    Stages stages;                                  // asked for by some scanner
    std::array<Policy, stage_count> without = {};   // the strictest of those that ask for it
    std::array<std::chrono::seconds, stage_count> limits = {};   // of the whole stage

    bool wants(Stage stage) const { return stages.has(stage); }
    Policy policy(Stage stage) const { return without[static_cast<std::size_t>(stage)]; }
};

// Directories of control/hooks/, by the byte order of their names; none where that is not there.
// Throws system_error.
std::vector<std::string> scanner_names(const std::string& control);

// Never fails: a scanner whose files cannot be read counts as failed (C67: tempfail where
// on-failure is unreadable, at data where stages is). control: the directory.
Subscriptions read_subscriptions(const std::string& control);

// Names that read_subscriptions looks at, relative to control: what a server watches.
std::vector<std::string> subscription_files(const std::string& control);

}
