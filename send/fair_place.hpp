// Where a recipient stands in line (fairness), and what a report says of his destination. Pure.
//
// Remote: the destination is the domain, because it is its hosts that are slow, dead or limited.
// Local: the user, which is whose programs are slow; as near as can be told here, the local part up
// to its first "-". The sender is the whole envelope sender.
#pragma once

#include "queue/records.hpp"
#include "send/fairness.hpp"

#include <string_view>

namespace grapnel::send {

FairKey destination_key(queue::Channel channel, std::string_view address);
FairKey sender_key(std::string_view sender);

// letter, text: of the spawner's report (qmail-rspawn(8)).
Fairness::Outcome outcome_of(queue::Channel channel, char letter, std::string_view text);

}
