// The control files that smtpd uses, read once: by a one-shot session at its start, by the server
// whenever control/ has changed, for new sessions.
#pragma once

#include "base/mail/name_table.hpp"
#include "base/mail/owners.hpp"
#include "base/net/ip_address.hpp"
#include "base/sys/cdb.hpp"
#include "base/sys/control.hpp"
#include "hooks/subscriptions.hpp"
#include "smtpd/auth_config.hpp"
#include "smtpd/client_list.hpp"
#include "smtpd/etrn_hosts.hpp"
#include "smtpd/extensions.hpp"
#include "smtpd/lax.hpp"
#include "smtpd/plugins.hpp"
#include "smtpd/refused_lists.hpp"
#include "smtpd/rules.hpp"
#include "smtpd/service.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace grapnel::smtpd {

enum class EarlyTalk { refuse, ignore, delay };
enum class Vrfy { never, always, trusted };   // who gets an answer

// control/tarpitcount, tarpitdelay: from so many recipients of a message on each one takes longer.
struct Tarpit {
    std::uint64_t count = 0;   // 0: off
    std::chrono::seconds delay{5};
};

struct Config {
    std::string me, greeting, local_ip_host;
    std::chrono::seconds timeout{1200};
    NameSet locals, percent_hack;
    std::optional<NameSet> rcpthosts;
    std::optional<CdbReader> more_rcpthosts;
    RefusedLists refused;
    PluginList plugins;
    NameMap recipient_databytes;    // rcptdatabytes: address or "@domain" to bytes
    std::optional<Owners> owners;   // ownersince
    std::uint64_t databytes = 0, max_line = 0;
    std::size_t max_recipients = 1000;
    unsigned max_hops = 100;
    Tarpit tarpit;
    std::uint64_t bad_recipient_limit = 0;   // brtlimit; 0: none
    LaxWords lax;
    std::array<Extensions, all_kinds.size()> extensions;   // by Kind
    std::uint64_t hold_max = 604800, deliver_by_min = 0;   // seconds
    ClientList proxies, xclients, xforwards;               // who is believed about his clients
    ClientList priority_clients;                           // whose mail may go before others'
    std::optional<EtrnHosts> etrn_hosts;                   // absent: any domain, for who may relay
    EarlyTalk early_talk = EarlyTalk::refuse;
    Vrfy vrfy = Vrfy::never;
    std::chrono::seconds greet_delay{0};
    bool local_time = false;
    bool check_domains = false;   // mfcheck: by the DNS
    // wish: MFCHECK of a connection, which comes first.
    bool checks_domains(const std::optional<std::string>& wish) const;
    std::vector<net::IpAddress> my_addresses;
    std::set<std::string, std::less<>> tls_clients;   // who may relay, by a certificate; lower case

    AuthConfig auth;

    hooks::Subscriptions hooks;
    bool is_hooked() const;   // some scanner wants a stage of ours

    // Of the server alone.
    Rules rules;
    std::size_t max_sessions = 1000, max_per_client = 20;
    double rate = 10, burst = 50;
    std::chrono::seconds lookup_time{0};   // for the name of a client

    std::vector<std::string> complaints;   // bad lines: logged, skipped

    bool is_my_address(const net::IpAddress& address) const;
    const Extensions& extensions_of(Kind kind) const
    {
        return extensions[static_cast<std::size_t>(kind)];
    }
};

inline constexpr std::chrono::seconds longest_tarpit_delay{300};

// Throws system_error where a file cannot be read, Stop where "me" and "smtpgreeting" are both
// absent.
Config load_config(const Control& control);

// Names of all files that load_config reads, but those below hooks/ and auth_files(): what the
// server watches.
const std::vector<std::string>& config_files();

}
