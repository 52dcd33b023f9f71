// What is said at the door, without a session.
#pragma once

#include "base/sys/fd.hpp"
#include "smtpd/admission.hpp"

#include <string>

namespace grapnel::smtpd {

// The socket is new, so there is room for one line.
void turn_away(const Fd& socket, const std::string& line);

void turn_away(const Fd& socket, const net::IpAddress& address, Admission::Verdict why);
void deny(const Fd& socket, const net::IpAddress& address);   // by a rule

}
