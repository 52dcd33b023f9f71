// The parameters of MAIL and RCPT, by one table: where each is allowed, how its value looks, which
// extension it belongs to. Pure.
#pragma once

#include "base/mail/extension.hpp"
#include "smtpd/command.hpp"
#include "smtpd/extensions.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::smtpd {

struct DeliverBy {   // RFC 2852 4
    std::int64_t seconds = 0;
    char mode = 'N';   // N: notify, R: return
    bool trace = false;
};

struct Parameters {
    // Of MAIL.
    std::optional<std::uint64_t> size;       // RFC 1870; a number beyond 64 bits is the largest
    std::optional<std::string> body;         // RFC 6152, as the client wrote it; so are the others
    std::optional<std::string> ret, envid;   // RFC 3461
    std::optional<std::string> auth;         // RFC 4954 5
    bool smtputf8 = false;                   // RFC 6531
    bool require_tls = false;                // RFC 8689
    std::optional<DeliverBy> deliver_by;
    std::optional<std::uint64_t> hold_for;   // RFC 4865; one of the two
    std::optional<std::time_t> hold_until;
    std::optional<int> priority;   // RFC 6710, -9 to 9
    // Of RCPT.
    std::optional<std::string> notify, orcpt;   // RFC 3461
    std::optional<std::string> rrvs;            // RFC 7293

    bool is_binary() const;   // BODY=BINARYMIME (RFC 3030)
};

enum class ParameterPlace { mail, rcpt };

// ignore_unknown: classic qmail's way with what is not in the table or switched off. In parameters
// stands what is known already: at RCPT, smtputf8.
Fault parse_parameters(std::string_view text, ParameterPlace place, const Extensions& offered,
                       bool ignore_unknown, Parameters& parameters);

// As the queue carries them (docs/internals.md). now: what HOLDFOR and BY count from. granted: the
// priority that this client gets.
void record_message(const Parameters& parameters, std::time_t now, int granted,
                    grapnel::Extensions& records);
void record_recipient(const Parameters& parameters, grapnel::Extensions& records);

// SMTPUTF8 is among them.
bool ask_for_utf8(std::string_view parameters);

// RFC 3461 4: "+2B" for "+". nullopt: it is none.
std::optional<std::string> decode_xtext(std::string_view text);

// What stands there, whatever it means: keywords in upper case, values as the client wrote them, ""
// where there is none. What cannot be a parameter is left out (RFC 5321 4.1.2).
std::vector<std::pair<std::string, std::string>> parameters_as_given(std::string_view text);

}
