// What control/smtproutes and control/authsenders say of one place that mail is sent through.
#pragma once

#include "base/mail/name_table.hpp"
#include "base/result.hpp"
#include "remote/login_mechanism.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::remote {

inline constexpr std::uint16_t smtp_port = 25, submissions_port = 465;   // RFC 8314

// "relay", "relay:port", "[address]:port"; any of them, and "|user|password".
struct Relay {
    std::string host;   // a name or an address, without brackets
    std::uint16_t port = smtp_port;
    std::shared_ptr<const Login> login = {};   // shared with the connections; nullptr: none
};

// For domain. nullopt: no route, or an empty one (MX as usual). A Failure (later) for a line that
// makes no sense: mail must not slip past the relay that was meant.
Result<std::optional<Relay>> relay_for(const NameMap& routes, std::string_view domain);
// The same for a sender: the whole address, then from each "@" and "." on, then "".
Result<std::optional<Relay>> relay_of_sender(const NameMap& senders, std::string_view sender);

}
