// Every control file on one page: name, type, default, who reads it, meaning. qmail-showctl prints
// these rows; programs read the files through base/sys/control.
#pragma once

#include <array>
#include <string_view>

namespace grapnel {

enum class SettingKind { line, integer, list, cdb, file };

// What each entry, or the line, must be; qmail-showctl checks it, and the programs read it so.
enum class Check {
    none,
    flag,      // 0 or 1
    word,      // one of Setting::words
    host,      // a fully qualified name
    address,   // an IP address
    clients,   // an IP address or prefix as in tcprules, or =host; code and text may follow
    pattern,   // as in qmail-smtpd(8), "Patterns"; code and text may follow
    keyed,     // key:value, keys once
    route,     // key:relay:port
    tap,       // LETTER:pattern:address
    rule,      // ADDRESS:allow or ADDRESS:deny
    hidden,    // never shown
    secret,    // that, and only those who read it may
};

struct Setting {
    std::string_view name;
    SettingKind kind;
    std::string_view
        fallback;   // what counts when the file is absent, in words; "me" means control/me
    std::string_view readers;
    std::string_view meaning;
    Check check = Check::none;
    std::string_view words = "";   // of Check::word, blanks between; of a cdb: its text
};

inline constexpr std::array settings{
    Setting{"me", SettingKind::line, "", "all", "My name", Check::host},
    Setting{"badclients", SettingKind::list, "none", "qmail-smtpd",
            "Clients that are refused: addresses, prefixes, =host", Check::clients},
    Setting{"badhelo", SettingKind::list, "none", "qmail-smtpd",
            "Names in EHLO that are refused; see Patterns in qmail-smtpd(8)", Check::pattern},
    Setting{"badhelonorelay", SettingKind::list, "none", "qmail-smtpd",
            "The same for clients without RELAYCLIENT", Check::pattern},
    Setting{"badmailfrom", SettingKind::list, "none", "qmail-smtpd",
            "Envelope senders that are refused: user@host, @host or a pattern", Check::pattern},
    Setting{"badmailfromnorelay", SettingKind::list, "none", "qmail-smtpd",
            "The same for clients without RELAYCLIENT", Check::pattern},
    Setting{"badmailto", SettingKind::list, "none", "qmail-smtpd", "More of badrcptto",
            Check::pattern},
    Setting{"badrcptto", SettingKind::list, "none", "qmail-smtpd",
            "Recipients that are refused: user@host, @host or a pattern", Check::pattern},
    Setting{"badrcpttonorelay", SettingKind::list, "none", "qmail-smtpd",
            "The same for clients without RELAYCLIENT", Check::pattern},
    Setting{"barecr", SettingKind::line, "space", "qmail-remote",
            "A CR without LF becomes a space or fails the message: space, fail", Check::word,
            "space fail"},
    Setting{"bounceformat", SettingKind::line, "qsbmf; dsn for who asked for reports", "qmail-send",
            "Notices of failure: qsbmf, dsn, both", Check::word, "qsbmf dsn both"},
    Setting{"bouncefrom", SettingKind::line, "MAILER-DAEMON", "qmail-send", "User name of bounces"},
    Setting{"bouncehost", SettingKind::line, "me", "qmail-send", "Host name of bounces",
            Check::host},
    Setting{"bouncemaxbytes", SettingKind::integer, "0", "qmail-send",
            "Bytes of a message that a bounce copies at most; 0 means all of it, in reports 51200"},
    Setting{"brtlimit", SettingKind::integer, "0", "qmail-smtpd",
            "Refused recipients after which a client is hung up on; 0 means no limit"},
    Setting{"clientca.pem", SettingKind::file, "none, clients are not asked", "qmail-smtpd as root",
            "Authorities that vouch for certificates of clients"},
    Setting{"clientcrl.pem", SettingKind::file, "none", "qmail-smtpd as root",
            "Certificates of clients that these have revoked"},
    Setting{"concurrencyincoming", SettingKind::integer, "1000", "qmail-smtpd --listen",
            "Sessions in one process"},
    Setting{"concurrencylocal", SettingKind::integer, "10", "qmail-send",
            "Local deliveries at once"},
    Setting{"concurrencyremote", SettingKind::integer, "20", "qmail-send",
            "Remote deliveries at once"},
    Setting{"databytes", SettingKind::integer, "0", "qmail-smtpd, qmail-send",
            "Bytes in a message at most; 0 means no limit"},
    Setting{"defaultdomain", SettingKind::line, "me", "qmail-inject",
            "Added to host names without a dot"},
    Setting{"defaulthost", SettingKind::line, "me", "qmail-inject",
            "Added to addresses without a host"},
    Setting{"delaywarn", SettingKind::integer, "14400", "qmail-send",
            "Seconds until who wants it is told of a delay; 0: never"},
    Setting{"deliverbymin", SettingKind::integer, "0", "qmail-smtpd",
            "Shortest time in seconds for BY with R; 0: any"},
    Setting{"doublebouncehost", SettingKind::line, "me", "qmail-send",
            "Host that gets double bounces", Check::host},
    Setting{"doublebounceto", SettingKind::line, "postmaster", "qmail-send",
            "User that gets double bounces; an empty file discards them"},
    Setting{"earlytalk", SettingKind::line, "refuse", "qmail-smtpd",
            "Clients who do not wait for the greeting or for 354: refuse, ignore, delay",
            Check::word, "refuse ignore delay"},
    Setting{"envnoathost", SettingKind::line, "me", "qmail-send",
            "Host of envelope recipients without @", Check::host},
    Setting{"greetdelay", SettingKind::integer, "0", "qmail-smtpd", "Seconds before the greeting"},
    Setting{"helohost", SettingKind::line, "me", "qmail-remote, qmail-send",
            "Name in EHLO and HELO", Check::host},
    Setting{"holdmax", SettingKind::integer, "604800", "qmail-smtpd",
            "Longest time in seconds for HOLDFOR and HOLDUNTIL"},
    Setting{"hooks-on-inject", SettingKind::integer, "0", "qmail-inject, qmail-hookd",
            "1: scanners that want the stage data see injected mail, too", Check::flag},
    Setting{"idhost", SettingKind::line, "me", "qmail-inject", "Host name in Message-ID",
            Check::host},
    Setting{"lax", SettingKind::list, "none", "qmail-smtpd",
            "Words that bring back qmail's dialogue, item by item", Check::word,
            "nohelo barehelo remail laxpath nodomain controls params openrelay lateuser barelf451 "
            "barelffix barecr barelfcmd received nolimits expn502 qmail"},
    Setting{"localiphost", SettingKind::line, "me", "qmail-smtpd",
            "Replaces [my own IP address] in recipients", Check::host},
    Setting{"locals", SettingKind::list, "me", "qmail-send, qmail-smtpd", "Domains delivered here",
            Check::host},
    Setting{"localtime", SettingKind::integer, "0", "qmail-smtpd",
            "1: dates in the local time zone", Check::flag},
    Setting{"lookuptime", SettingKind::integer, "5 where smtprules names hosts, else 0",
            "qmail-smtpd --listen", "Seconds to ask for a client's name; 0: it is not asked for"},
    Setting{"maxconnip", SettingKind::integer, "20", "qmail-smtpd --listen",
            "Connections at once from one client, in all workers"},
    Setting{"maxconnrate", SettingKind::line, "10 50", "qmail-smtpd --listen",
            "New connections a second from one client, and how many at once, in all workers"},
    Setting{"maxhops", SettingKind::integer, "100", "qmail-smtpd, qmail-local",
            "Received and Delivered-To fields that mean a loop"},
    Setting{"maxline", SettingKind::integer, "0", "qmail-smtpd",
            "Longest text line with its CR LF; 0 means no limit"},
    Setting{"maxmxaddrs", SettingKind::integer, "20", "qmail-remote",
            "Addresses tried in one delivery"},
    Setting{"maxrcpt", SettingKind::integer, "1000", "qmail-smtpd", "Recipients of one message"},
    Setting{"moreipme", SettingKind::list, "none", "qmail-smtpd, qmail-remote",
            "Further addresses that are this host", Check::address},
    Setting{"morercpthosts", SettingKind::list, "none", "qmail-newmrh", "Text of morercpthosts.cdb",
            Check::host},
    Setting{"morercpthosts.cdb", SettingKind::cdb, "none", "qmail-smtpd",
            "More domains that mail is accepted for", Check::none, "morercpthosts"},
    Setting{"morevalidrcptto", SettingKind::list, "none", "qmail-newmvrt",
            "Text of morevalidrcptto.cdb"},
    Setting{"morevalidrcptto.cdb", SettingKind::cdb, "none", "qmail-smtpd",
            "More recipients that exist", Check::none, "morevalidrcptto"},
    Setting{"nevernull", SettingKind::integer, "0", "qmail-remote",
            "1: no sender for who wants no notices, where the next host knows no DSN", Check::flag},
    Setting{"notipme", SettingKind::list, "none", "qmail-smtpd, qmail-remote",
            "Addresses that are not this host", Check::address},
    Setting{"outgoingip", SettingKind::line, "none", "qmail-remote, qmail-send",
            "Address that connections come from", Check::address},
    Setting{"percenthack", SettingKind::list, "none", "qmail-send, qmail-smtpd",
            "Domains in which user%host means user@host", Check::host},
    Setting{"plusdomain", SettingKind::line, "me", "qmail-inject",
            "Added to host names that end in a plus sign"},
    Setting{"preferipv4", SettingKind::integer, "0", "qmail-remote",
            "1: IPv4 addresses before IPv6 ones", Check::flag},
    Setting{"priorityauth", SettingKind::list, "none", "qmail-smtpd",
            "Addresses, prefixes and users whose mail may have a priority above 0"},
    Setting{"proxyips", SettingKind::list, "none", "qmail-smtpd",
            "Addresses and prefixes of proxies, which say by the PROXY protocol who connects"},
    Setting{"qmqpservers", SettingKind::list, "none", "qmail-qmqpc",
            "Servers that qmail-qmqpc gives mail to: ADDRESS or ADDRESS:PORT"},
    Setting{"queued", SettingKind::integer, "1", "qmail-start", "0: qmail-queued is not started",
            Check::flag},
    Setting{"queuelifetime", SettingKind::integer, "604800", "qmail-send",
            "Seconds that a message stays in the queue"},
    Setting{"rcptdatabytes", SettingKind::list, "none", "qmail-smtpd",
            "Largest message for a recipient: user@host:bytes or @host:bytes", Check::keyed},
    Setting{"rcpthosts", SettingKind::list, "local domains", "qmail-smtpd",
            "Domains that mail is accepted for", Check::host},
    Setting{"remoteext", SettingKind::list, "none", "qmail-remote",
            "SMTP extensions not to use: -KEY or HOST:-KEY"},
    Setting{"resolver", SettingKind::list, "resolv.conf", "qmail-remote, qmail-smtpd --listen",
            "Name servers: ADDRESS or ADDRESS@PORT"},
    Setting{"servercert.pem", SettingKind::file, "none, there is no TLS", "qmail-smtpd as root",
            "Private key and certificate of the SMTP server", Check::secret},
    Setting{"servercerts", SettingKind::file, "none", "qmail-smtpd as root",
            "The same by the name that a client asks for: a directory for each name",
            Check::secret},
    Setting{"smtpext", SettingKind::list, "none", "qmail-smtpd",
            "SMTP extensions to switch: -KEY, +KEY, KEY:tls, KEY:auth, -ALL"},
    Setting{"smtpext.smtp", SettingKind::list, "none", "qmail-smtpd",
            "The same, for mail from other hosts alone"},
    Setting{"smtpext.submission", SettingKind::list, "none", "qmail-smtpd",
            "The same, for mail from users' programs alone"},
    Setting{"smtpgreeting", SettingKind::line, "me", "qmail-smtpd",
            "Greeting; its first word is the host name", Check::host},
    Setting{"smtpplugins", SettingKind::list, "none", "qmail-smtpd",
            "Plugins of qmail-spp: [connection], [helo], [mail], [rcpt], [data], a program a line"},
    Setting{"smtproutes", SettingKind::list, "none", "qmail-remote",
            "Fixed next hops: domain:relay:port", Check::route},
    Setting{"smtprules", SettingKind::list, "allow all", "qmail-smtpd --listen",
            "Clients: ADDRESS:allow,VAR=\"x\" or ADDRESS:deny", Check::rule},
    Setting{"srs_alwaysrewrite", SettingKind::integer, "0", "qmail-local, forward, condredirect",
            "1: senders at our own domains are rewritten, too", Check::flag},
    Setting{"srs_domain", SettingKind::line, "none",
            "qmail-local, forward, condredirect, qmail-send, srsfilter",
            "Domain of rewritten senders of forwarded mail; turns SRS on", Check::host},
    Setting{"srs_hashlength", SettingKind::integer, "4",
            "qmail-local, forward, condredirect, srsfilter", "Characters of the hash in them"},
    Setting{"srs_hashmin", SettingKind::integer, "srs_hashlength", "srsfilter, qmail-send",
            "Characters of it that must be there"},
    Setting{"srs_maxage", SettingKind::integer, "21", "srsfilter, qmail-send",
            "Days that they lead back"},
    Setting{"srs_secrets", SettingKind::list, "none",
            "qmail-local, forward, condredirect, qmail-send, srsfilter",
            "Secrets of them: the first one makes, all are believed", Check::hidden},
    Setting{"srs_separator", SettingKind::line, "=", "qmail-local, forward, condredirect",
            "Behind SRS0 and SRS1: = + -", Check::word, "= + -"},
    Setting{"taps", SettingKind::list, "none", "qmail-queue, qmail-queued",
            "Copies of mail: F, T or A, then :pattern:address", Check::tap},
    Setting{"tarpitcount", SettingKind::integer, "0", "qmail-smtpd",
            "Recipients of a message after which each takes longer; 0 means never"},
    Setting{"tarpitdelay", SettingKind::integer, "5", "qmail-smtpd",
            "Seconds that each of them takes longer"},
    Setting{"timeoutconnect", SettingKind::integer, "60", "qmail-remote",
            "Seconds to wait for a connection"},
    Setting{"timeoutremote", SettingKind::integer, "1200", "qmail-remote",
            "Seconds to wait for each answer"},
    Setting{"timeoutsmtpd", SettingKind::integer, "1200", "qmail-smtpd",
            "Seconds to wait for each piece of input"},
    Setting{"tlsclients", SettingKind::list, "none", "qmail-smtpd",
            "Who may relay by a certificate: mail address, host name, sha256:FINGERPRINT"},
    Setting{"tlsserverciphers", SettingKind::line, "OpenSSL's", "qmail-smtpd",
            "Ciphers of the SMTP server, as OpenSSL writes them"},
    Setting{"validrcptto", SettingKind::list, "none", "qmail-smtpd",
            "Recipients that exist, where this or the next two are there"},
    Setting{"validrcptto.cdb", SettingKind::cdb, "none", "qmail-smtpd",
            "More recipients that exist"},
    Setting{"virtualdomains", SettingKind::list, "none", "qmail-send",
            "Virtual users and domains: domain:prefix", Check::keyed},
    Setting{"vrfy", SettingKind::line, "252", "qmail-smtpd",
            "Who gets an answer to VRFY: 252 (nobody), auth (who may relay), on", Check::word,
            "252 auth on"},
    Setting{"xclientips", SettingKind::list, "none", "qmail-smtpd",
            "Addresses and prefixes of hosts that may say by XCLIENT who the client is"},
    Setting{"xforwardips", SettingKind::list, "none", "qmail-smtpd",
            "Addresses and prefixes of hosts that may say by XFORWARD whose mail it is"},
};

// Files that belong to other packages, and what to do for what they did there.
struct ForeignSetting {
    std::string_view name;
    std::string_view meaning;
};

inline constexpr std::string_view ask_a_scanner =
    "Of a patch; not read: have a scanner look, qmail-hooks-control(5)";
inline constexpr std::array foreign_settings{
    ForeignSetting{"authservid", ask_a_scanner},
    ForeignSetting{"badloadertypes", ask_a_scanner},
    ForeignSetting{"badmimetypes", ask_a_scanner},
    ForeignSetting{"defaultdelivery", "Of the script that starts qmail"},
    ForeignSetting{"dkimdomains", ask_a_scanner},
    ForeignSetting{"dnsblfailclosed", ask_a_scanner},
    ForeignSetting{"dnsbllist", ask_a_scanner},
    ForeignSetting{"domainkeys", ask_a_scanner},
    ForeignSetting{"filterargs", ask_a_scanner},
    ForeignSetting{"policy", "Of a patch; not read: use badmailfromnorelay or a scanner"},
    ForeignSetting{"qmtproutes", "Of a patch; not read: QMTP is not spoken here"},
    ForeignSetting{"rejectnullsenders",
                   "Of a patch; not read: mail from the null sender is taken, RFC 5321"},
    ForeignSetting{"rejectrelaytest", "Of a patch; not read: use badrcptto, for example [%!].*@"},
    ForeignSetting{"simcontrol", "Of simscan"},
    ForeignSetting{"simcontrol.cdb", "Of simscan"},
    ForeignSetting{"simversions", "Of simscan"},
    ForeignSetting{"simversions.cdb", "Of simscan"},
    ForeignSetting{"spfbehavior", ask_a_scanner},
    ForeignSetting{"spfexp", ask_a_scanner},
    ForeignSetting{"spfguess", ask_a_scanner},
    ForeignSetting{"spfrules", ask_a_scanner},
    ForeignSetting{"ssattach", "Of simscan"},
    ForeignSetting{"surbldomainblack", ask_a_scanner},
    ForeignSetting{"surbldomainwhite", ask_a_scanner},
};

}
