#include "send/wishes.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel::send {

namespace {

constexpr std::time_t latest = 253402300799;   // the year 9999

std::optional<std::time_t> time_in(std::string_view text)
{
    const auto number = parse_number<std::uint64_t>(text);
    if (!number) return std::nullopt;
    return static_cast<std::time_t>(std::min<std::uint64_t>(*number, latest));
}

constexpr std::array<std::string_view, 9> of_message{"body",         "ret",      "envid",
                                                     "mtrk",         "smtputf8", "requiretls",
                                                     "tls-required", "priority", "deliver-by"};
constexpr std::array<std::string_view, 3> of_recipient{"notify", "orcpt", "rrvs"};

template <std::size_t Size>
void copy(const std::array<std::string_view, Size>& names, const Extensions& from, Extensions& to)
{
    for (const auto name : names)
        if (const auto* value = from.find(name)) to.set(name, *value);
}

bool is_report_wish(std::string_view name)
{
    return name == "ret" || name == "envid" || name == "deliver-by";
}

}

Notify read_notify(const Extensions& recipient)
{
    const auto* value = recipient.find("notify");
    if (!value) return {};
    Notify notify{true, false, false, false};
    for (const auto word : split(*value, ',')) {
        if (equal_ignoring_case(word, "NEVER")) return {true, false, false, false};
        notify.success = notify.success || equal_ignoring_case(word, "SUCCESS");
        notify.failure = notify.failure || equal_ignoring_case(word, "FAILURE");
        notify.delay = notify.delay || equal_ignoring_case(word, "DELAY");
    }
    return notify.success || notify.failure || notify.delay ? notify : Notify{};
}

Notify notify_of(const queue::Info& info, queue::Position position)
{
    const auto found = info.recipients.find(position);
    return found == info.recipients.end() ? Notify{} : read_notify(found->second);
}

std::optional<DeliverBy> read_deliver_by(const Extensions& message)
{
    const auto* value = message.find("deliver-by");
    if (!value) return std::nullopt;
    const auto parts = split(*value, ';');
    if (parts.size() != 2) return std::nullopt;
    const auto time = time_in(parts[0]);
    const auto mode = lower(parts[1]);
    if (!time || (mode != "n" && mode != "nt" && mode != "r" && mode != "rt")) return std::nullopt;
    return DeliverBy{*time, mode.front() == 'r', mode.size() == 2};
}

std::optional<std::time_t> hold_until(const Extensions& message)
{
    const auto* value = message.find("hold-until");
    return value ? time_in(*value) : std::nullopt;
}

bool is_held(const queue::Info& info, std::time_t now)
{
    const auto until = hold_until(info.message);
    return until && *until > now;
}

std::time_t start_of_life(const queue::Info& info, std::time_t birth)
{
    return std::max(birth, hold_until(info.message).value_or(birth));
}

int priority(const Extensions& message)
{
    const auto* value = message.find("priority");
    if (!value) return 0;
    auto granted = std::string_view(*value).substr(0, value->find('/'));
    const bool negative = granted.starts_with('-');
    if (negative) granted.remove_prefix(1);
    const auto number = parse_number<unsigned>(granted);
    if (!number || *number > 9) return 0;
    return negative ? -static_cast<int>(*number) : static_cast<int>(*number);
}

void inherit_priority(const Extensions& message, Extensions& notice)
{
    if (const int urgency = priority(message); urgency != 0)
        notice.set("priority", std::to_string(urgency));
}

bool keeps_text_back(const Extensions& message)
{
    const auto* body = message.find("body");
    return message.find("requiretls") || (body && equal_ignoring_case(*body, "BINARYMIME"));
}

std::string carried_on(const queue::Info& info, queue::Position position)
{
    Extensions records;
    copy(of_message, info.message, records);
    const auto found = info.recipients.find(position);
    if (found != info.recipients.end()) copy(of_recipient, found->second, records);
    return records.empty() ? std::string() : encode_tail(records).substr(1);
}

bool carries(const queue::Info& info)
{
    Extensions records;
    copy(of_message, info.message, records);
    return !records.empty() ||
           std::any_of(info.recipients.begin(), info.recipients.end(), [](const auto& one) {
               Extensions own;
               copy(of_recipient, one.second, own);
               return !own.empty();
           });
}

bool asks_for_reports(const queue::Info& info)
{
    const auto& records = info.message.records();
    if (std::any_of(records.begin(), records.end(),
                    [](const auto& record) { return is_report_wish(record.first); }))
        return true;
    return std::any_of(info.recipients.begin(), info.recipients.end(), [](const auto& one) {
        return one.second.find("notify") || one.second.find("orcpt");
    });
}

bool asks_for_success(const queue::Info& info)
{
    return std::any_of(info.recipients.begin(), info.recipients.end(),
                       [](const auto& one) { return read_notify(one.second).success; });
}

}
