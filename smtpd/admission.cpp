#include "smtpd/admission.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {
double refilled(double tokens, std::chrono::duration<double> since, const Config& config)
{
    return std::min(config.burst, tokens + since.count() * config.rate);
}
}

net::IpAddress Admission::key(const net::IpAddress& address)
{
    return address.is_v6() ? address.prefix(64) : address;
}

bool Admission::is_crowded(std::size_t sessions, const Config& config)
{
    return sessions * 5 >= config.max_sessions * 4 && config.max_sessions >= 5;
}

// Strangers come from everywhere: who has no connection and a full bucket need not be remembered.
void Admission::forget_idle(const Config& config, Moment now)
{
    if (clients_.size() < forget_at_) return;
    std::erase_if(clients_, [&](const auto& entry) {
        const auto& client = entry.second;
        return client.connections == 0 &&
               refilled(client.tokens, now - client.filled, config) >= config.burst;
    });
    forget_at_ = std::max<std::size_t>(1024, clients_.size() * 2);
}

Admission::Verdict Admission::enter(const net::IpAddress& address, bool privileged,
                                    const Config& config, Moment now)
{
    const auto kept = privileged ? 0 : config.max_sessions / 10;
    if (sessions_ + kept >= config.max_sessions) return Verdict::full;
    forget_idle(config, now);
    const auto [place, is_new] = clients_.try_emplace(key(address), Client{0, config.burst, now});
    auto& client = place->second;
    client.tokens = refilled(client.tokens, now - client.filled, config);
    client.filled = now;
    if (!privileged) {
        if (config.max_per_client > 0 && client.connections >= config.max_per_client)
            return Verdict::too_many;
        if (config.rate > 0 && client.tokens < 1) return Verdict::too_fast;
        client.tokens -= 1;
    }
    ++client.connections;
    ++sessions_;
    return Verdict::welcome;
}

void Admission::leave(const net::IpAddress& address)
{
    --sessions_;
    const auto place = clients_.find(key(address));
    if (place != clients_.end() && place->second.connections > 0) --place->second.connections;
}

}
