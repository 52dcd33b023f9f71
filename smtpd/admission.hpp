// Who gets in at the door: sessions of this process, connections and new connections a second of
// each client (an IPv4 address, an IPv6 /64) in all workers. Knows no clock: the caller brings the
// time.
#pragma once

#include "base/net/ip_address.hpp"
#include "smtpd/config.hpp"
#include "smtpd/shared.hpp"

#include <cstddef>

namespace grapnel::smtpd {

class Admission {
public:
    enum class Verdict { welcome, full, too_many, too_fast };
    struct Entry {
        Verdict verdict = Verdict::welcome;
        ClientTable::Slot* counted = nullptr;   // for leave()
    };

    explicit Admission(SharedView shared) : shared_(shared) {}

    // Counts a client who is welcome; then leave() when he goes. privileged: loopback and
    // RELAYCLIENT hosts, for whom a tenth of the places is kept and the limits of one client do not
    // hold.
    Entry enter(const net::IpAddress& address, bool privileged, const Config& config, Moment now);
    // Of one who has entered as privileged it is known now who he is: a client like any other.
    Entry enter_client(const net::IpAddress& address, const Config& config, Moment now);
    void leave(ClientTable::Slot* counted);

    // Of that client, in all workers; where he was counted.
    std::size_t connections(const net::IpAddress& address) const
    {
        return count(client_key(address)).connections;
    }
    std::size_t sessions() const { return sessions_; }
    static bool is_crowded(std::size_t sessions, const Config& config);   // from four fifths on

private:
    ClientTable::Count count(std::uint64_t client) const;

    SharedView shared_;
    std::size_t sessions_ = 0;
};

}
