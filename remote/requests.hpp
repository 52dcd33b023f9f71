// What the sender asked for with the message (extension records), as the next host is told it, or
// why he cannot have the message. Pure. RFC 3461 (DSN), 2852 (DELIVERBY), 6710 (MT-PRIORITY), 6531
// (SMTPUTF8), 7293 (RRVS), 3030 (BINARYMIME), 8689 (REQUIRETLS).
#pragma once

#include "base/mail/extension.hpp"
#include "remote/outcome.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace grapnel::remote {

using Offers = std::set<std::string, std::less<>>;   // keywords, upper case

struct Requests {
    Extensions records = {};
    std::int64_t now = 0;                 // unix seconds
    bool needs_utf8 = false;              // an address, or the header, holds more than ASCII
    bool international_address = false;   // in UTF-8
    bool never_as_null = false;           // control/nevernull
    bool field_is_read = false;           // of RFC 7293, at his domain: control/rrvsheader
    std::optional<std::time_t> since_in_header = {};   // such a field of the one recipient
    bool tls_demanded = false;   // RFC 8689; else a record requiretls is a wish
};
// records: "name=value name=value"; what is malformed is not there.
Requests read_requests(std::string_view records);

// BODY=BINARYMIME (RFC 3030).
bool is_binary(const Requests& requests);

// Each " KEY=VALUE"; empty where nothing is asked for, or he does not offer it.
std::string mail_parameters(const Requests& requests, const Offers& offers);
std::string rcpt_parameters(const Requests& requests, const Offers& offers);
// What the header says where he does not take it otherwise: lines in CR LF. recipient: quoted for
// SMTP.
std::string added_header(const Requests& requests, const Offers& offers,
                         std::string_view recipient);
// He is told whom to tell of what became of it.
bool passes_notices_on(const Requests& requests, const Offers& offers);
// Who asked for silence, and cannot have it of this host, has no bounces from him either.
bool hides_sender(const Requests& requests, const Offers& offers);

// peer: as reports name him. shortest_time: seconds, as he says behind DELIVERBY.
std::optional<Outcome> objection(const Requests& requests, const Offers& offers,
                                 const std::string& peer, std::uint64_t shortest_time = 0);

}
