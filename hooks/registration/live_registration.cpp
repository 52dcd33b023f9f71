#include "hooks/registration/live_registration.hpp"

#include "base/sys/clock.hpp"
#include "base/sys/log.hpp"
#include "base/text.hpp"
#include "hooks/registration/chance.hpp"
#include "hooks/values/utc_date.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>
#include <vector>

namespace grapnel::hooks {

namespace {

using namespace std::chrono_literals;
using net::SteadyClock;
using std::chrono::milliseconds;

// One in a file may be another scanner's, which ends.
std::multiset<std::string>& in_use()
{
    static std::multiset<std::string> ids;
    return ids;
}

// C14: at 80 % of its life, and 30 s before its end; a little earlier by chance.
milliseconds renewal_age(milliseconds life)
{
    auto age = life * 8 / 10;
    if (life > 2min) age = std::min<milliseconds>(age, life - 30s);
    const auto earlier = static_cast<double>(life.count()) * 0.05 * chance();
    return age - milliseconds(static_cast<std::int64_t>(earlier));
}

std::string listed(const std::vector<Pointer>& pointers)
{
    std::vector<std::string> texts;
    for (const auto& pointer : pointers) texts.push_back(pointer.text());
    return printable(join(texts, " "), 500);
}

}

LiveRegistration::LiveRegistration(Registration made)
    : registration(std::move(made)),
      agreement(std::make_shared<const Agreement>(registration.agreement))
{
    in_use().insert(agreement->id);
    if (!registration.expires_at) return;
    const milliseconds life(*registration.expires_at - registration.registered_at);
    // A year is as good as for ever, and does not overflow the clock.
    const milliseconds left =
        std::min<milliseconds>(milliseconds(*registration.expires_at - unix_milliseconds()), 8760h);
    expiry = SteadyClock::now() + left;
    renewal = expiry - std::min(left, life - renewal_age(life));
}

LiveRegistration::~LiveRegistration()
{
    const auto found = in_use().find(agreement->id);
    if (found != in_use().end()) in_use().erase(found);
}

bool lives_here(const std::string& id) { return in_use().count(id) > 0; }

std::string announcement(const LiveRegistration& live)
{
    const auto& agreement = *live.agreement;
    std::string text = "registered as " + agreement.id;
    if (live.registration.expires_at) text += " until " + utc_date(*live.registration.expires_at);
    if (live.registration.suspended) text += ", suspended";
    text += "; stages";
    for (const Stage stage : all_stages)
        if (agreement.stages.has(stage)) text += ' ' + std::string(name(stage));
    text += "; may change " + listed(agreement.may_change) + ", outbound " +
            listed(agreement.may_change_outbound) + "; actions";
    for (const Action action : agreement.actions) text += ' ' + std::string(name(action));
    return text;
}

}
