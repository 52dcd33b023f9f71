// Asks the qmail-send that runs here, from an event loop, to try the mail of a domain now.
#pragma once

#include "base/net/stream.hpp"
#include "queue/hasten_wire.hpp"

#include <optional>
#include <string>

namespace grapnel::queue {

// The local socket of qmail-send, in a directory that only it and qmail-smtpd may enter.
std::string hasten_path(const std::string& home);

// later: no qmail-send hears of it here, or it does not answer within a minute.
net::asio::awaitable<HastenAnswer> hasten(std::string path, HastenRequest request);

}
