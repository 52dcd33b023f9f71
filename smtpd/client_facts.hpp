// What a host that is trusted says of the client it speaks for: the attributes of XCLIENT and
// XFORWARD, as Postfix has them. Pure.
#pragma once

#include "base/net/ip_address.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

// nullopt: nothing was said. An empty text, an endpoint's address 0.0.0.0: it is not known.
struct ClientFacts {
    std::optional<net::IpAddress> address, here;   // ADDR, DESTADDR
    std::optional<std::uint16_t> port, here_port;
    std::optional<std::string> name, helo, login, ident, source;
    std::optional<bool> extended;   // PROTO is ESMTP
};

enum class FactsOf { xclient, xforward };

// "ADDR=192.0.2.1 NAME=[UNAVAILABLE]". nullopt: an attribute that there is not, or no value of it.
std::optional<ClientFacts> parse_client_facts(std::string_view text, FactsOf command);

inline constexpr std::string_view xclient_offer =
    "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";
inline constexpr std::string_view xforward_offer =
    "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE";

}
