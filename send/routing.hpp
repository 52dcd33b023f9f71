// Where a recipient goes: to the local channel (under which name) or to the remote one. Pure; the
// rules and their order are qmail-send's (contract: "Rewriting of recipients").
#pragma once

#include "base/mail/name_table.hpp"
#include "queue/records.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::send {

struct Route {
    queue::Channel channel;
    std::string address;   // rewritten: what local/ or remote/ holds
    bool operator==(const Route&) const = default;
};

struct RoutingTables {
    std::string no_at_host;   // envnoathost
    NameSet percent_hack, locals;
    NameMap virtual_domains;
};

Route route(const RoutingTables& tables, std::string_view recipient);

// The address without the prefix that a virtual domain gave it: what people are shown in bounces.
std::string_view without_virtual_prefix(const RoutingTables& tables, std::string_view address);

// The sender that a spawner is given: PREFIX@HOST-@[] with BOX@DOMAIN becomes
// PREFIXBOX=DOMAIN@HOST.
std::string expand_verp(std::string_view sender, std::string_view recipient);

// PREFIX@HOST-@[] loses its -@[]: who gets the bounces of such a message.
std::string_view without_verp_mark(std::string_view sender);

}
