#include "hooks/edits/edits.hpp"
#include "hooks/values/typed_value.hpp"
#include "hooks/values/utc_date.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace grapnel::hooks {

namespace {

constexpr std::int64_t soonest = 60;   // seconds from now

using Change = std::pair<DeliveryStatus, DeliveryStatus>;

constexpr std::array changes{
    Change{DeliveryStatus::deferred, DeliveryStatus::failed},
    Change{DeliveryStatus::deferred, DeliveryStatus::failed_silent},
    Change{DeliveryStatus::deferred, DeliveryStatus::delivered},
    Change{DeliveryStatus::failed, DeliveryStatus::failed_silent},
    Change{DeliveryStatus::failed, DeliveryStatus::deferred},
    Change{DeliveryStatus::pending, DeliveryStatus::failed},
    Change{DeliveryStatus::pending, DeliveryStatus::failed_silent},
    Change{DeliveryStatus::pending, DeliveryStatus::deferred},
};

Result<DeliveryFacts*> delivery_of(Draft& draft, const Operation& operation)
{
    const auto index = array_index(operation.path[2]);
    auto& envelope = draft.facts.envelope;
    if (!envelope || !index || *index >= envelope->to.size() || !envelope->to[*index].delivery)
        return permanent("no such recipient");
    if (operation.index) return permanent("an index, but no array");
    return &*envelope->to[*index].delivery;
}

// Within [now + 60 s, end of the retry period]; the end holds where the two cross.
Result<std::int64_t> moment(const Draft& draft, const boost::json::value& value)
{
    const auto text = as_text(value);
    const auto wanted = text ? parse_utc_date(*text) : std::nullopt;
    if (!wanted) return permanent("no date");
    const auto earliest = std::max(*wanted / 1000, draft.facts.timestamp / 1000 + soonest);
    const auto& queue = draft.facts.queue;
    return queue && queue->expires_at ? std::min(earliest, *queue->expires_at) : earliest;
}

void note_time(Draft& draft, const Operation& operation)
{
    draft.times.push_back({array_index(operation.path[2]).value_or(0), operation.path.text()});
}

}

Result<> edit_status(Draft& draft, const Operation& operation)
{
    const auto delivery = delivery_of(draft, operation);
    if (!delivery) return delivery.error();
    const auto word = as_text(operation.value);
    const auto wanted = word ? delivery_status_named(*word) : std::nullopt;
    if (!wanted) return permanent("no status");
    auto& status = (*delivery)->status;
    const bool same = status == *wanted && status != DeliveryStatus::delivered &&
                      status != DeliveryStatus::pending;
    if (!same &&
        std::find(changes.begin(), changes.end(), Change{status, *wanted}) == changes.end())
        return permanent("no change that is possible");
    status = *wanted;
    return {};
}

Result<> edit_next_attempt(Draft& draft, const Operation& operation)
{
    const auto delivery = delivery_of(draft, operation);
    if (!delivery) return delivery.error();
    const auto when = moment(draft, operation.value);
    if (!when) return when.error();
    (*delivery)->next_attempt_at = *when;
    note_time(draft, operation);
    return {};
}

Result<> edit_next_dsn(Draft& draft, const Operation& operation)
{
    const auto delivery = delivery_of(draft, operation);
    if (!delivery) return delivery.error();
    if (operation.kind == OperationKind::remove || operation.value.is_null()) {
        (*delivery)->next_dsn_at.reset();
    } else {
        const auto when = moment(draft, operation.value);
        if (!when) return when.error();
        (*delivery)->next_dsn_at = *when;
    }
    note_time(draft, operation);
    return {};
}

std::vector<FailedEdit> settle_times(Draft& draft, const Facts& before)
{
    std::vector<FailedEdit> failed;
    for (const auto& [recipient, path] : draft.times) {
        auto& now = *draft.facts.envelope->to[recipient].delivery;
        if (now.status == DeliveryStatus::deferred) continue;
        const auto& then = *before.envelope->to[recipient].delivery;
        now.next_attempt_at = then.next_attempt_at;
        now.next_dsn_at = then.next_dsn_at;
        failed.push_back({path, "the recipient is not deferred"});
    }
    draft.times.clear();
    return failed;
}

}
