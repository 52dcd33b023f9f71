// What beyond RFC 5321's minimum is on: control/smtpext, smtpext.LISTENER and the variable SMTPEXT.
// The list that EHLO shows and the parameters that MAIL and RCPT take both ask here. Pure.
#pragma once

#include <bitset>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

// In the order of EHLO's reply.
enum class Extension {
    pipelining,
    eight_bit_mime,
    size,
    enhanced_status_codes,
    smtputf8,
    dsn,
    chunking,
    binary_mime,
    limits,
    require_tls,
    deliver_by,
    future_release,
    mt_priority,
    rrvs,
    starttls,
    auth,
    vrfy,
    expn,
    help,
    etrn,
};

class Extensions {
public:
    // The defaults. submission: of a listener for one's own users.
    explicit Extensions(bool submission = false);

    bool has(Extension extension) const { return set_[static_cast<std::size_t>(extension)]; }
    // "+KEY", "-KEY", "-ALL"; "KEY:tls", "KEY:auth": on, but only within TLS, or for who has
    // authenticated or has RELAYCLIENT. false: not such a word, or nothing that this server can do.
    bool apply(std::string_view word);
    void apply(const std::vector<std::string>& words, std::vector<std::string>* bad = nullptr);

    // What of it is on in a session in this state: to be asked again when that changes.
    Extensions offered(bool in_tls, bool authenticated) const;
    void switch_off(Extension extension) { set_.reset(static_cast<std::size_t>(extension)); }
    void switch_on(Extension extension) { set_.set(static_cast<std::size_t>(extension)); }

private:
    using Set = std::bitset<static_cast<std::size_t>(Extension::etrn) + 1>;
    Set set_, need_tls_, need_auth_;
};

// What stands behind keywords.
struct OfferedValues {
    std::uint64_t databytes = 0;                      // 0: none
    std::uint64_t max_recipients = 0, max_mail = 0;   // 0: none
    std::uint64_t deliver_by_min = 0, hold_max = 0;   // seconds
    std::time_t now = 0;
    std::vector<std::string> mechanisms = {};   // of AUTH
};

// The keyword lines of EHLO's reply.
std::vector<std::string> ehlo_lines(const Extensions& offered, const OfferedValues& values);

}
