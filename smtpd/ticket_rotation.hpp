// The keys of session tickets: a new one every two hours, the one before still read. So a key that
// is stolen opens the sessions of some hours. Knows no clock.
#pragma once

#include "base/net/tls_server.hpp"
#include "base/sys/secret.hpp"

#include <chrono>
#include <string>

namespace grapnel::smtpd {

class TicketRotation {
public:
    using Moment = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::hours life{2};

    TicketRotation() = default;
    TicketRotation(const TicketRotation&) = delete;
    TicketRotation& operator=(const TicketRotation&) = delete;
    ~TicketRotation() { wipe(keys_); }

    bool is_due(Moment now) const { return keys_.empty() || now - made_ >= life; }
    void rotate(Moment now)
    {
        std::string keys = net::make_ticket_key() + keys_.substr(0, net::ticket_key_size);
        wipe(keys_);
        keys_ = std::move(keys);
        made_ = now;
    }
    const std::string& keys() const { return keys_; }   // newest first

private:
    std::string keys_;
    Moment made_{};
};

}
