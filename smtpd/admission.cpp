#include "smtpd/admission.hpp"

#include <algorithm>

namespace grapnel::smtpd {

bool Admission::is_crowded(std::size_t sessions, const Config& config)
{
    return sessions * 5 >= config.max_sessions * 4 && config.max_sessions >= 5;
}

// Connections add up; of the moments the latest holds, because each worker goes on from the latest
// of all. Two that count at the very same time may miss one connection.
ClientTable::Count Admission::count(std::uint64_t client) const
{
    ClientTable::Count all;
    for (const auto& part : shared_.parts) {
        const auto one = part.clients.count(client, shared_.seed);
        all.connections += one.connections;
        all.whole_at = std::max(all.whole_at, one.whole_at);
    }
    return all;
}

Admission::Entry Admission::enter_client(const net::IpAddress& address, const Config& config,
                                         Moment now)
{
    if (config.max_per_client == 0 && config.rate <= 0) return {};
    const auto client = client_key(address);
    const auto known = count(client);
    if (config.max_per_client > 0 && known.connections >= config.max_per_client)
        return {Verdict::too_many};
    Moment whole_at = known.whole_at;
    if (config.rate > 0) {
        const auto each = std::chrono::duration<double>(1 / config.rate);
        const auto in_all = each * std::max(1.0, config.burst);
        whole_at = std::max(whole_at, now) + std::chrono::duration_cast<Moment::duration>(each);
        if (whole_at - now > in_all + each / 2) return {Verdict::too_fast};
    }
    auto* slot = shared_.mine().clients.place(client, shared_.seed, now);
    if (slot) {
        slot->whole_at = whole_at.time_since_epoch().count();
        ++slot->connections;
    }
    return {Verdict::welcome, slot};
}

Admission::Entry Admission::enter(const net::IpAddress& address, bool privileged,
                                  const Config& config, Moment now)
{
    const auto kept = privileged ? 0 : config.max_sessions / 10;
    if (sessions_ + kept >= config.max_sessions) return {Verdict::full};
    const Entry entry = privileged ? Entry{} : enter_client(address, config, now);
    if (entry.verdict == Verdict::welcome) ++sessions_;
    return entry;
}

void Admission::leave(ClientTable::Slot* counted)
{
    --sessions_;
    if (counted) --counted->connections;
}

}
