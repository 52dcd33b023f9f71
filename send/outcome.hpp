// What has become of a recipient, as reports tell it (RFC 3464), and as a line of bounce/N.dsn: the
// file where it is kept until the sender has been told. Pure.
#pragma once

#include "hooks/facts.hpp"
#include "queue/records.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::send {

enum class Action { failed, delayed, delivered, relayed, expanded };
std::string_view name(Action action);

struct Outcome {
    queue::Position position = {queue::Channel::local, 0};
    Action action = Action::failed;
    std::string address = {};     // as people know it
    std::int64_t at = 0;          // unix seconds: the last attempt
    hooks::Response reply = {};   // what was said
    std::string host = {};        // who said it: an address; empty: we did
    std::string status = {};      // where it is another one than the reply's
    bool operator==(const Outcome&) const = default;
};

// What a report of temporary failure gets appended when it is the last one.
inline constexpr std::string_view too_old_text =
    "I'm not going to try again; this message has been in the queue too long.\n";

// report: of the spawner, with this letter; its host is found in it, where it tells of one.
Outcome make_outcome(queue::Position position, Action action, std::string_view address, char letter,
                     std::string_view report, std::int64_t at);

// What a success comes to for who asked to hear of it; nullopt: who has it now will tell him.
std::optional<Action> success_of(queue::Channel channel, std::string_view report);
// Lines in reports of success by which our own programs say so (qmail-remote(8), qmail-local(8)).
inline constexpr std::string_view passed_on_line = "dsn passed on", expanded_line = "dsn expanded";

// "r3 action=relayed to=joe@b.example at=1795000000 last=250%202.1.5%20ok host=192.0.2.1" LF
std::string encode(const Outcome& outcome);
// "told 123" LF: the successes in that many bytes of the file were told, not those that came while
// they were. Failures are told while bounce/N is there.
std::string told_line(std::size_t bytes);

// What is still to be told: of each recipient the last line counts, and none that were told. A line
// that is cut short, or malformed, is skipped.
struct Outcomes {
    std::vector<Outcome> failures = {}, successes = {};
    std::size_t bytes = 0;   // up to the last whole line
};
Outcomes read_outcomes(std::string_view file);
// Bytes behind the last line.
std::size_t torn_line(std::string_view last_bytes);

}
