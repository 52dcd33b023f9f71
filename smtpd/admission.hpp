// Who gets in at the door: sessions in all, connections and new connections a second for each
// client (an IPv4 address, an IPv6 /64). Pure; the caller brings the time.
#pragma once

#include "base/net/ip_address.hpp"
#include "smtpd/config.hpp"

#include <chrono>
#include <cstddef>
#include <map>

namespace grapnel::smtpd {

class Admission {
public:
    using Moment = std::chrono::steady_clock::time_point;
    enum class Verdict { welcome, full, too_many, too_fast };

    // Counts a client who is welcome; then leave() when he goes. privileged: loopback and
    // RELAYCLIENT hosts, for whom a tenth of the places is kept and the limits of one client do not
    // hold.
    Verdict enter(const net::IpAddress& address, bool privileged, const Config& config, Moment now);
    void leave(const net::IpAddress& address);

    std::size_t sessions() const { return sessions_; }
    static bool is_crowded(std::size_t sessions, const Config& config);   // from four fifths on

private:
    struct Client {
        std::size_t connections = 0;
        double tokens = 0;
        Moment filled;
    };
    static net::IpAddress key(const net::IpAddress& address);
    void forget_idle(const Config& config, Moment now);

    std::map<net::IpAddress, Client> clients_;
    std::size_t sessions_ = 0, forget_at_ = 1024;
};

}
