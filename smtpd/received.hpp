// The trace field that smtpd puts on top, in today's form and in classic qmail's. Pure.
#pragma once

#include "smtpd/peer.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

struct Reception {
    std::string_view helo;       // what the client called itself; may be empty
    std::string_view by;         // we
    std::string_view protocol;   // SMTP, ESMTP …
    bool utf8 = false;           // RFC 6531: the addresses may be
    std::string_view id;         // of the message
    std::string_view only_recipient =
        {};                 // as given; empty where there are several (RFC 5321 4.4)
    std::string tls = {};   // RFC 8314 7.4: the cipher suite; "" in the clear
    std::time_t when = 0;
    int zone_minutes = 0;
    std::optional<int> priority = {};   // RFC 6710
};

// The word behind "with" (RFC 3848, 6531).
struct Protocol {
    bool lmtp = false, extended = false, utf8 = false, tls = false, authenticated = false;
};
std::string protocol_word(const Protocol& protocol);

// LF line ends, folded at 78 columns where it can be.
std::string received_field(const Peer& peer, const Reception& reception);

// "Received: from HOST (HELO NAME) (INFO@IP)\n  by LOCAL with SMTP; DATE\n"
std::string classic_received_field(const Peer& peer, std::string_view helo, std::time_t when);

// "Received: from HOST (INFO@IP)\n  by LOCAL with QMQP; DATE\n"
std::string qmqp_received_field(const Peer& peer, std::time_t when);

}
