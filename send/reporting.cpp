#include "send/reporting.hpp"

#include "base/text.hpp"
#include "send/recipient_state.hpp"
#include "send/routing.hpp"

#include <algorithm>

namespace grapnel::send {

namespace {

constexpr std::string_view double_bounce_sender = "#@[]";

bool is_never(const Notify& notify)
{
    return notify.given && !notify.success && !notify.failure && !notify.delay;
}

bool has_notice_time(const queue::Info& info)
{
    return std::any_of(info.recipients.begin(), info.recipients.end(),
                       [](const auto& one) { return one.second.find("next-dsn"); });
}

std::optional<std::time_t> earlier(std::optional<std::time_t> a, std::optional<std::time_t> b)
{
    return a && b ? std::min(*a, *b) : a ? a : b;
}

bool is_configured(const ReportPolicy& policy)
{
    return policy.form && *policy.form != ReportForm::qsbmf;
}

// By wishes and settings, whatever scanners say.
std::optional<std::time_t> ordinary_time(const ReportPolicy& policy, const queue::Info& info,
                                         const Notify& notify, std::time_t birth)
{
    const bool is_default = !notify.given && is_configured(policy);
    if (policy.delay_warn == 0 || (!notify.delay && !is_default)) return std::nullopt;
    return start_of_life(info, birth) +
           static_cast<std::time_t>(std::min<std::uint64_t>(policy.delay_warn, 1u << 30));
}

}

ReportForm form_for(const ReportPolicy& policy, const queue::Info& info)
{
    if (policy.form) return *policy.form;
    return asks_for_reports(info) ? ReportForm::dsn : ReportForm::qsbmf;
}

bool is_watched(const ReportPolicy& policy, const queue::Info& info)
{
    if (is_configured(policy)) return true;
    if (info.message.empty() && info.recipients.empty()) return false;
    return asks_for_reports(info) || info.message.find("deliver-by") || has_notice_time(info);
}

bool has_no_sender(const queue::Info& info)
{
    const auto sender = without_verp_mark(info.sender);
    return sender.empty() || sender == double_bounce_sender;
}

std::optional<std::time_t> delay_due(const ReportPolicy& policy, const queue::Info& info,
                                     queue::Position position, std::time_t birth)
{
    if (has_no_sender(info)) return std::nullopt;
    const auto found = info.recipients.find(position);
    const auto notify = found == info.recipients.end() ? Notify{} : read_notify(found->second);
    if (is_never(notify)) return std::nullopt;
    auto time = ordinary_time(policy, info, notify, birth);
    if (found != info.recipients.end()) {
        if (found->second.find("delayed")) return std::nullopt;
        const auto state = read_state(found->second);
        if (state.next_dsn && *state.next_dsn == never) return std::nullopt;
        if (state.next_dsn && (!notify.given || notify.delay))
            time = static_cast<std::time_t>(*state.next_dsn);
    }
    const auto by = read_deliver_by(info.message);
    return by && !by->returns ? earlier(time, by->time) : time;
}

std::optional<std::time_t> next_look(const ReportPolicy& policy, const queue::Info& info,
                                     queue::Channel channel, std::time_t birth, std::time_t now)
{
    std::optional<std::time_t> next;
    const auto consider = [&](std::optional<std::time_t> time) {
        if (time && *time > now) next = earlier(next, time);
    };
    // Somebody of whom nothing is known.
    consider(delay_due(policy, {info.sender, info.message, {}, 0}, {channel, 0}, birth));
    for (const auto& [position, records] : info.recipients)
        if (position.channel == channel) consider(delay_due(policy, info, position, birth));
    if (const auto by = read_deliver_by(info.message)) consider(by->time);
    return next;
}

bool wants_success(const queue::Info& info, queue::Position position, Action action)
{
    if (has_no_sender(info)) return false;
    const auto notify = notify_of(info, position);
    const auto by = read_deliver_by(info.message);
    const bool traced = by && by->traced && action == Action::relayed && !is_never(notify);
    return notify.success || traced;
}

bool is_too_late(const queue::Info& info, std::time_t now)
{
    const auto by = read_deliver_by(info.message);
    return by && by->returns && by->time <= now;
}

}
