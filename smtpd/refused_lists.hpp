// What the lists of control/ refuse: clients, names in EHLO, senders, recipients; and which
// recipients are there at all. Says nothing to anybody.
#pragma once

#include "base/mail/pattern_list.hpp"
#include "base/net/ip_address.hpp"
#include "base/sys/cdb.hpp"
#include "base/sys/control.hpp"
#include "smtpd/rules.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace grapnel::smtpd {

// control/badclients: addresses and prefixes as in smtprules, "=host.example" for names.
class BadClients {
public:
    void add(const std::vector<std::string>& lines, std::vector<std::string>& complaints);
    // As PatternList.
    std::optional<std::string> find(const net::IpAddress& address,
                                    const std::optional<std::string>& host) const;
    bool name_hosts() const { return rules_.name_hosts(); }

private:
    Rules rules_;
};

// control/validrcptto (text), validrcptto.cdb, morevalidrcptto.cdb: keys "user@domain", "@domain"
// for all of a domain; with "-" in front it is not there. The fuller key counts.
class ValidRecipients {
public:
    static ValidRecipients open(const Control& control);
    bool is_used() const { return used_; }
    // Throws system_error where a table is damaged.
    bool contains(std::string_view address) const;

private:
    bool has(std::string_view key) const;

    bool used_ = false;
    std::unordered_set<std::string, TextHash, std::equal_to<>> listed_;
    std::vector<CdbReader> tables_;
};

struct RefusedLists {
    // Of all clients; of those who may not relay.
    struct Pair {
        PatternList all, strangers;
        std::optional<std::string> find(std::string_view text, bool may_relay) const;
    };
    Pair helos, senders, recipients;
    BadClients clients;
    ValidRecipients valid;
};

// Throws system_error where a file cannot be read.
RefusedLists load_refused_lists(const Control& control, std::vector<std::string>& complaints);
// Names of all files that say what is refused or slowed down, or who is asked: what the server
// watches.
const std::vector<std::string>& refusal_files();

}
