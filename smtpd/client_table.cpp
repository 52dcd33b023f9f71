#include "smtpd/client_table.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {
Moment moment(Moment::rep ticks) { return Moment(Moment::duration(ticks)); }
}

std::uint64_t client_key(const net::IpAddress& address)
{
    const auto& bytes = address.bytes();
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < (address.is_v6() ? 8u : 4u); ++i) key = key << 8 | bytes[i];
    if (!address.is_v6()) key |= std::uint64_t{0xffff} << 32;
    return key == 0 ? 1 : key;
}

// The seed is a secret of the server: nobody can choose addresses that share a bucket.
std::size_t ClientTable::bucket_of(std::uint64_t client, std::uint64_t seed)
{
    std::uint64_t hash = client ^ seed;   // the finalizer of splitmix64
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
    return (hash ^ hash >> 31) % buckets;
}

ClientTable::Count ClientTable::count(std::uint64_t client, std::uint64_t seed) const
{
    for (const auto& slot : table_[bucket_of(client, seed)]) {
        if (slot.client != client) continue;
        const Count found{slot.connections, moment(slot.whole_at)};
        if (slot.client == client) return found;   // it was not given to another meanwhile
    }
    return {};
}

ClientTable::Slot* ClientTable::place(std::uint64_t client, std::uint64_t seed, Moment now)
{
    auto& bucket = table_[bucket_of(client, seed)];
    const auto his = std::find_if(bucket.begin(), bucket.end(),
                                  [client](const Slot& slot) { return slot.client == client; });
    if (his != bucket.end()) return &*his;
    const auto unused = std::find_if(bucket.begin(), bucket.end(), [now](const Slot& slot) {
        return slot.connections == 0 && moment(slot.whole_at) <= now;
    });
    if (unused == bucket.end()) return nullptr;
    unused->client = 0;
    unused->whole_at = 0;
    unused->client = client;
    return &*unused;
}

void ClientTable::clear()
{
    for (auto& bucket : table_)
        for (auto& slot : bucket) {
            slot.client = 0;
            slot.connections = 0;
            slot.whole_at = 0;
        }
}

}
