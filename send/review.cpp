#include "send/review.hpp"

#include "base/sys/file.hpp"
#include "send/outbound_facts.hpp"

#include <optional>
#include <system_error>
#include <utility>

namespace grapnel::send {

using hooks::DeliveryStatus;
using hooks::Stage;

// Shared by the answers that are still to come; the last one lets it go.
struct Review::Case {
    EndedAttempt attempt;
    MessageInfo info;
    Decided decided;
    Fd message = {};   // open, its number is not given to another message
    Reported recipient = {};
    Verdict verdict = {};
};

namespace {

DeliveryStatus status_of(const EndedAttempt& attempt)
{
    if (attempt.letter == 'K') return DeliveryStatus::delivered;
    return attempt.letter == 'D' ? DeliveryStatus::failed : DeliveryStatus::deferred;
}

Reported reported(const EndedAttempt& attempt, const MessageInfo& info,
                  const RoutingTables& routing)
{
    Reported recipient{attempt.position(),
                       std::string(without_virtual_prefix(routing, attempt.delivery.recipient)),
                       {},
                       {}};
    const auto records = info.recipients.find(recipient.position);
    if (records != info.recipients.end()) recipient.state = read_state(records->second);
    ++recipient.state.attempts;
    recipient.state.last = attempt.reply;
    recipient.standing = {status_of(attempt), std::nullopt, recipient.state.next_dsn};
    return recipient;
}

}

void Review::begin(EndedAttempt attempt, const MessageInfo& info, Decided decided)
{
    auto recipient = reported(attempt, info, config_.routing);
    auto known = only_of(info, attempt.position());
    auto one =
        std::make_shared<Case>(Case{std::move(attempt), std::move(known), std::move(decided)});
    one->recipient = std::move(recipient);
    one->verdict.standing = one->recipient.standing;
    try {
        one->message = open_read(spool_.mess(one->attempt.message));
    } catch (const std::system_error&) {
        return one->decided(one->attempt, one->verdict);
    }
    ask(Stage::delivery, one);
}

void Review::ask(Stage stage, const std::shared_ptr<Case>& one)
{
    const bool is_due =
        stage == Stage::delivery ||
        (one->verdict.standing.status == DeliveryStatus::deferred && !one->verdict.cancelled);
    if (!is_due || !calls_.wants(stage)) return answered(stage, one, std::nullopt);

    Fd message;   // not what was read from already
    try {
        message = open_read(spool_.mess(one->attempt.message));
    } catch (const std::system_error&) {
        return answered(stage, one, std::nullopt);
    }
    auto shown = one->recipient;
    shown.standing = one->verdict.standing;
    if (!shown.standing.next_attempt) shown.standing.next_attempt = one->attempt.next_attempt;
    if (shown.standing.status == DeliveryStatus::deferred && !shown.standing.next_dsn)
        if (const auto due =
                delay_due(config_.reports, one->info, one->attempt.position(), one->info.birth))
            shown.standing.next_dsn = *due;
    auto facts = delivery_facts(stage, one->attempt.message, one->info, one->attempt.sender, shown,
                                config_, agenda_.wall_milliseconds());
    calls_.ask(std::move(facts), std::move(message),
               [this, stage, one](const std::optional<hooks::Decision>& decision) {
                   answered(stage, one, decision);
               });
}

void Review::answered(Stage stage, const std::shared_ptr<Case>& one,
                      const std::optional<hooks::Decision>& decision)
{
    if (decision) take(*one, stage, *decision);
    if (stage == Stage::delivery) return ask(Stage::defer, one);
    one->decided(one->attempt, one->verdict);
}

void Review::take(Case& one, Stage stage, const hooks::Decision& decision)
{
    bool complained = false;   // once for an answer, however much is wrong with it
    const Term term{agenda_.wall_now(), end_of_life(one.info, one.info.birth, config_.lifetime),
                    one.attempt.last};
    for (const auto& change : decision.recipients) {
        if (change.index != 0) continue;   // a job has one recipient
        const auto before = one.verdict.standing;
        const auto refused = apply(one.verdict.standing, change, term);
        if (!refused.empty() && !std::exchange(complained, true))
            log_.hook_refused(one.attempt.message, stage, one.attempt.delivery.id, refused);
        if (one.verdict.standing != before)
            log_.hook_changed(one.attempt.message, stage, one.attempt.delivery.id, before,
                              one.verdict.standing, decision.scanner);
    }
    if (decision.action != hooks::Action::cancel) return;
    one.verdict.cancelled = true;
    log_.hook_cancelled(one.attempt.message, stage, decision.scanner);
}

}
