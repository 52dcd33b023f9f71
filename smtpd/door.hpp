// What is said at the door, without a session.
#pragma once

#include "base/sys/fd.hpp"
#include "smtpd/admission.hpp"
#include "smtpd/service.hpp"

#include <string>

namespace grapnel::smtpd {

struct Newcomer {
    const Fd& socket;
    Service service;
};

// The socket is new, so there is room for one line. Who waits for TLS is told nothing.
void turn_away(const Newcomer& newcomer, const std::string& line);

void turn_away(const Newcomer& newcomer, const net::IpAddress& address, Admission::Verdict why);
void deny(const Newcomer& newcomer, const net::IpAddress& address);   // by a rule

}
