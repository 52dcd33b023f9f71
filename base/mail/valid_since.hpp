// RFC 7293: since when a sender knows that a mailbox has been its owner's, as a parameter of RCPT
// and as a header field. Pure.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

struct ValidSince {
    std::time_t time = 0;
    bool go_on = false;   // where nobody would look at it: ";C"
};
// "2014-04-03T23:01:00Z;C", also as the record `rrvs` has it. No fractions of a second.
std::optional<ValidSince> parse_rrvs(std::string_view value);

inline constexpr std::string_view valid_since_name = "Require-Recipient-Valid-Since";

struct ValidSinceField {
    std::string address;   // as the queue has it
    std::time_t time = 0;
};
// Of what stands behind the field's colon.
std::optional<ValidSinceField> parse_valid_since(std::string_view value);
// All of a header held in memory, or of its beginning.
std::vector<ValidSinceField> valid_since_fields(std::string_view header);
// "Require-Recipient-Valid-Since: ADDRESS; DATE", without a LF. address: quoted for SMTP.
std::string valid_since_field(std::string_view address, std::time_t time);

}
