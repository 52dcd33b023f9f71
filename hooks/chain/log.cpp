#include "hooks/chain/log.hpp"

#include "base/sys/log.hpp"

namespace grapnel::hooks::log {

namespace {

// A word: no blanks, so that no stranger's text makes a key of its own.
std::string word(std::string_view text)
{
    auto result = printable(text, 600);
    for (auto& c : result)
        if (c == ' ') c = '_';
    return result.empty() ? "-" : result;
}

std::string field(std::string_view key, std::string_view value)
{
    return " " + std::string(key) + "=" + word(value);
}

std::string field(std::string_view key, std::uint64_t number)
{
    return field(key, std::to_string(number));
}

std::string place_of(const Place& place)
{
    return field("scanner", place.scanner) + field("stage", name(place.stage)) +
           field("id", place.id);
}

std::string_view registration(const CallOutcome& outcome)
{
    return outcome.agreement ? std::string_view(outcome.agreement->id) : std::string_view();
}

std::string ending_word(const Ending& ending)
{
    switch (ending.kind) {
    case CallEnding::answered:
        return "ok";
    case CallEnding::failure:
        return "failure:" + word(ending.why);
    case CallEnding::malformed:
        return "malformed:" + word(ending.why);
    default:
        return std::string(name(ending.kind));
    }
}

}

std::string call(const Place& place, const CallOutcome& outcome, const Ending& ending)
{
    return "hookd: call" + place_of(place) + field("request", outcome.request_id) +
           field("registration", registration(outcome)) + field("attempts", outcome.attempts) +
           field("status", static_cast<std::uint64_t>(outcome.status)) +
           field("ms", static_cast<std::uint64_t>(outcome.took.count())) +
           field("before", name(ending.before)) + field("after", name(ending.after)) +
           field("applied", ending.applied) + field("failed", ending.failed) +
           field("outcome", ending_word(ending));
}

std::string failed_edit(const Place& place, const CallOutcome& outcome, const FailedEdit& edit)
{
    return "hookd: edit failed" + place_of(place) + field("request", outcome.request_id) +
           field("path", edit.path) + field("why", edit.reason);
}

std::string more_failed_edits(const Place& place, const CallOutcome& outcome, std::size_t count)
{
    return "hookd: edit failed" + place_of(place) + field("request", outcome.request_id) +
           field("more", count);
}

std::string odd_answer(const Place& place, const CallOutcome& outcome)
{
    return "hookd: unknown members in answers" + place_of(place) +
           field("registration", registration(outcome));
}

std::string chain_end(const Place& place, Action action, std::string_view why)
{
    return "hookd: end" + place_of(place) + field("action", name(action)) + field("why", why);
}

std::string not_stored(const Place& place, std::string_view why)
{
    return "hookd: the changed message cannot be written" + place_of(place) + field("why", why);
}

}
