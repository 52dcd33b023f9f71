// What became of a recipient: class, enhanced status code, text. Everything that tells people about
// a delivery reads this triple and nothing else (RFC 3463). Pure.
#pragma once

#include "base/mail/reply.hpp"

#include <string>
#include <string_view>

namespace grapnel::remote {

enum class Fate { relayed, temporary, permanent };

struct Outcome {
    Fate fate = Fate::temporary;
    std::string status = "4.0.0";   // "5.1.1"
    std::string text = {};          // as it stands in a report, remote words included
    bool operator==(const Outcome&) const = default;
};

// By the first digit alone; what is no reply code counts as temporary.
Fate fate_of(const Reply& reply);

// The code at the front of the reply's text where its class agrees with the reply's; else what
// stands for the reply code (RFC 5248), else CLASS.0.0.
std::string status_of(const Reply& reply);

// At most 5,000 bytes of what a host said, without what would hurt a report.
std::string readable(std::string_view raw);

// words, a line of ours, and behind it raw, the reply as readable() gives it.
Outcome said(const Reply& reply, std::string_view raw, std::string words);
// The same where anything but a failure is none that this command knows: temporary.
Outcome refused(const Reply& reply, std::string_view raw, std::string words);

// control/barecr is "fail", and the message has one.
Outcome bare_cr_outcome();

// RFC 5321 4.5.3.1.10: "too many recipients" said with 552 means "not now".
bool means_too_many_recipients(const Reply& reply);

}
