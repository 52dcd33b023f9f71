// Who owns the other end of a connection, in the words of that host: RFC 1413. Blocking.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

namespace grapnel::smtpd {

// The user of "6193, 23 : USERID : UNIX : joe"; nullopt: an error, another connection, nonsense.
std::optional<std::string> parse_ident(std::string_view reply, unsigned remote_port,
                                       unsigned local_port);

// Asks port 113 of remote, from local's address. nullopt: no answer within the limit.
std::optional<std::string> ask_ident(const sockaddr_storage& local, const sockaddr_storage& remote,
                                     std::chrono::seconds limit);

}
