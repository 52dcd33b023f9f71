#include "hooks/registration/registration_trouble.hpp"

#include "hooks/http/call_verdict.hpp"

#include <algorithm>

namespace grapnel::hooks {

using Kind = RegistrationTrouble::Kind;
using std::chrono::milliseconds;

RegistrationTrouble judge_registration(const net::HttpReply& reply)
{
    if (reply.trouble != net::HttpTrouble::none) return {Kind::passing, reply.why};
    RegistrationTrouble trouble{Kind::passing, refusal_text(reply)};
    switch (reply.status) {
    case 400:
    case 404:
    case 413:
    case 422:
        trouble.kind = Kind::configuration;
        break;
    case 401:
    case 403:
        trouble.kind = Kind::parked;
        break;
    case 409:
        trouble.kind = Kind::full;
        break;
    case 429:
        trouble.retry_after = retry_after(reply);
        break;
    default:
        break;
    }
    return trouble;
}

milliseconds registration_pause(const RegistrationTrouble& trouble, unsigned failures,
                                double chance)
{
    constexpr milliseconds first{1000}, longest{300'000}, configuration{600'000};
    if (trouble.kind == Kind::parked) return milliseconds::max();
    if (trouble.kind == Kind::configuration) return configuration;
    if (trouble.retry_after) return std::max(first, *trouble.retry_after);
    auto pause = longest;
    if (trouble.kind == Kind::passing)
        pause = std::min(longest, first * (1U << std::min(std::max(failures, 1U) - 1, 10U)));
    const auto jitter = static_cast<double>(pause.count()) * 0.2 * chance;
    return pause + milliseconds(static_cast<std::int64_t>(jitter));
}

}
