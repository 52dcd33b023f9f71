#include "send/outcome.hpp"

#include "base/mail/extension.hpp"
#include "base/text.hpp"
#include "send/reply_of.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace grapnel::send {

namespace {

constexpr std::array<std::string_view, 5> names{"failed", "delayed", "delivered", "relayed",
                                                "expanded"};
constexpr std::string_view said = "Remote host said: ", connected = "Connected to ";
constexpr std::string_view told_word = "told ";
constexpr std::size_t longest_address = 1000;

std::optional<Action> action_of(std::string_view word)
{
    const auto found = std::find(names.begin(), names.end(), word);
    if (found == names.end()) return std::nullopt;
    return static_cast<Action>(found - names.begin());
}

bool is_host(std::string_view word)
{
    return word.find_first_of(".:") != std::string_view::npos &&
           std::all_of(word.begin(), word.end(), [](char c) {
               return is_digit(c) || c == '.' || c == ':' || (lower(c) >= 'a' && lower(c) <= 'f');
           });
}

// "192.0.2.1 accepted message." or "Connected to 192.0.2.1 but …": as qmail-remote writes it.
std::string host_in(std::string_view report)
{
    if (report.find(said) == std::string_view::npos) return {};
    if (report.starts_with(connected)) report.remove_prefix(connected.size());
    const auto word = report.substr(0, report.find(' '));
    return is_host(word) ? std::string(word) : std::string();
}

bool has_line(std::string_view text, std::string_view wanted)
{
    const auto lines = split(text, '\n');
    return std::find(lines.begin(), lines.end(), wanted) != lines.end();
}

std::optional<queue::Position> position_in(std::string_view word)
{
    if (word.size() < 2 || (word[0] != 'l' && word[0] != 'r')) return std::nullopt;
    const auto index = parse_number<std::size_t>(word.substr(1));
    if (!index) return std::nullopt;
    return queue::Position{word[0] == 'l' ? queue::Channel::local : queue::Channel::remote, *index};
}

std::optional<Outcome> decode(std::string_view line)
{
    const auto end = std::min(line.find(' '), line.size());
    const auto position = position_in(line.substr(0, end));
    if (!position) return std::nullopt;
    const auto fields = decode_tail(line.substr(end));
    const auto* action = fields.find("action");
    const auto* address = fields.find("to");
    const auto known = action ? action_of(*action) : std::nullopt;
    if (!known || !address) return std::nullopt;
    Outcome outcome{*position, *known, *address, 0, {}, {}, {}};
    if (const auto* at = fields.find("at"))
        outcome.at = parse_number<std::uint32_t>(*at).value_or(0);
    if (const auto* last = fields.find("last"))
        outcome.reply = decode_reply(*last).value_or(hooks::Response{});
    if (const auto* host = fields.find("host")) outcome.host = *host;
    if (const auto* status = fields.find("status")) outcome.status = *status;
    return outcome;
}

}

std::string_view name(Action action) { return names[static_cast<std::size_t>(action)]; }

Outcome make_outcome(queue::Position position, Action action, std::string_view address, char letter,
                     std::string_view report, std::int64_t at)
{
    Outcome outcome{position, action, std::string(address.substr(0, longest_address)), at, {},
                    {},       {}};
    if (report.ends_with(too_old_text)) {   // what was said last stays
        report.remove_suffix(too_old_text.size());
        letter = 'Z';
        outcome.status = "5.4.7";
    }
    outcome.reply = reply_of(letter, report);
    outcome.host = host_in(report);
    return outcome;
}

std::optional<Action> success_of(queue::Channel channel, std::string_view report)
{
    const auto ours = report.substr(0, report.find(said));
    if (has_line(ours, passed_on_line)) return std::nullopt;
    if (channel == queue::Channel::remote) return Action::relayed;
    return has_line(ours, expanded_line) ? Action::expanded : Action::delivered;
}

std::string encode(const Outcome& outcome)
{
    Extensions fields;
    fields.set("action", name(outcome.action));
    fields.set("to", outcome.address);
    fields.set("at", std::to_string(outcome.at));
    if (outcome.reply.code != 0) fields.set("last", encode_reply(outcome.reply));
    if (!outcome.host.empty()) fields.set("host", outcome.host);
    if (!outcome.status.empty()) fields.set("status", outcome.status);
    return static_cast<char>(outcome.position.channel) + std::to_string(outcome.position.index) +
           encode_tail(fields) + '\n';
}

std::string told_line(std::size_t bytes)
{
    return std::string(told_word) + std::to_string(bytes) + '\n';
}

Outcomes read_outcomes(std::string_view file)
{
    Outcomes outcomes;
    std::map<queue::Position, Outcome> last;
    std::vector<std::pair<std::size_t, queue::Position>> successes;   // where their lines end
    std::size_t told_bytes = 0;
    for (auto end = file.find('\n'); end != std::string_view::npos;
         end = file.find('\n', outcomes.bytes)) {
        const auto line = file.substr(outcomes.bytes, end - outcomes.bytes);
        outcomes.bytes = end + 1;
        if (line.starts_with(told_word)) {
            const auto bytes = parse_number<std::size_t>(line.substr(told_word.size()));
            told_bytes = std::max(told_bytes, std::min(bytes.value_or(0), outcomes.bytes));
        } else if (auto outcome = decode(line)) {
            if (outcome->action != Action::failed)
                successes.emplace_back(outcomes.bytes, outcome->position);
            last.insert_or_assign(outcome->position, std::move(*outcome));
        }
    }
    std::set<queue::Position> told;
    for (const auto& [end, position] : successes)
        if (end <= told_bytes) told.insert(position);
    for (auto& [position, outcome] : last)
        if (outcome.action == Action::failed)
            outcomes.failures.push_back(std::move(outcome));
        else if (!told.contains(position))
            outcomes.successes.push_back(std::move(outcome));
    return outcomes;
}

std::size_t torn_line(std::string_view last_bytes)
{
    const auto end = last_bytes.rfind('\n');
    return end == std::string_view::npos ? last_bytes.size() : last_bytes.size() - end - 1;
}

}
