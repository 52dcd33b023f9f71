// What the sender asked for with the message: what he is told (RFC 3461), when it may go
// (RFC 4865), by when it must be there (RFC 2852), how much it matters (RFC 6710). Read out of
// extension records; what is malformed counts as not given. Pure.
#pragma once

#include "base/mail/extension.hpp"
#include "queue/records.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>

namespace grapnel::send {

// Of a recipient: NOTIFY.
struct Notify {
    bool given = false, success = false, failure = true, delay = false;   // not given: failures
    bool operator==(const Notify&) const = default;
};
Notify read_notify(const Extensions& recipient);
Notify notify_of(const queue::Info& info, queue::Position position);

struct DeliverBy {
    std::time_t time = 0;
    bool returns = false;   // R: what is late comes back; N: the sender is told that it is late
    bool traced = false;    // T: he is told of each relay
    bool operator==(const DeliverBy&) const = default;
};
std::optional<DeliverBy> read_deliver_by(const Extensions& message);

// Not before that time; nullopt: at once.
std::optional<std::time_t> hold_until(const Extensions& message);
bool is_held(const queue::Info& info, std::time_t now);
// From when on its age counts: its birth, or its release.
std::time_t start_of_life(const queue::Info& info, std::time_t birth);

// -9..9, 0 where none is given.
int priority(const Extensions& message);
// What tells of a message is as urgent as that (RFC 6710 4.6).
void inherit_priority(const Extensions& message, Extensions& notice);

// Notices bring nothing of the text: TLS was demanded for it (RFC 8689 5), or it is no text
// (RFC 3030).
bool keeps_text_back(const Extensions& message);

// "name=value name=value": what travels on with a delivery to him; empty: nothing.
std::string carried_on(const queue::Info& info, queue::Position position);
// Somebody of it has something.
bool carries(const queue::Info& info);

// Any of RET, ENVID, BY, NOTIFY, ORCPT was given: such a sender gets reports that programs can
// read.
bool asks_for_reports(const queue::Info& info);
// A success of somebody is to be reported: what becomes of each has to be on file.
bool asks_for_success(const queue::Info& info);

}
