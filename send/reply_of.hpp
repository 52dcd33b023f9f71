// What a report of a delivery says, as an SMTP reply: the remote host's own words where there are
// any, else ours with a code that fits (mta-hooks C61, C62). And that reply as the record `last`
// holds it. Pure.
#pragma once

#include "hooks/facts.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::send {

// letter, report: of the spawner (qmail-rspawn(8), qmail-lspawn(8)).
hooks::Response reply_of(char letter, std::string_view report);

// "451 4.7.1 try later"; its text is cut at 900 octets.
std::string encode_reply(const hooks::Response& reply);
std::optional<hooks::Response> decode_reply(std::string_view record);

}
