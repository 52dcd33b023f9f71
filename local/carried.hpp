// What was asked for with a message (extension records), as it travels on where the message is sent
// on: QMAILRECORDS in the environment of a delivery (RFC 3461 5.2.7). Pure.
#pragma once

#include "base/mail/extension.hpp"

#include <cstddef>
#include <string_view>

namespace grapnel::local {

inline constexpr const char* records_variable = "QMAILRECORDS";   // "name=value name=value"

enum class Onward {
    to_one,    // this address stands for that one: all goes on
    to_many,   // also, or otherwise: of a success we tell here
    as_list    // with a sender of its own: a new message, of which nobody asked for anything
};

// For that many recipients.
ExtensionBlock carried_on(std::string_view records, Onward onward, std::size_t recipients);
// A line for our report where the sender wants notices (qmail-local(8)); else empty.
std::string_view report_line(std::string_view records, Onward onward);

}
