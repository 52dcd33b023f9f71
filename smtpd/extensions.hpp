// What beyond RFC 5321's minimum is on: control/smtpext and the variable SMTPEXT. The list that
// EHLO shows and the parameters that MAIL and RCPT take both ask here. Pure.
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

enum class Extension {
    pipelining,
    eight_bit_mime,
    size,
    enhanced_status_codes,
    starttls,
    vrfy,
    expn,
    help
};

class Extensions {
public:
    Extensions();   // the defaults: all but EXPN

    bool has(Extension extension) const { return set_[static_cast<std::size_t>(extension)]; }
    // "+KEY", "-KEY", "-ALL"; "KEY:tls", "KEY:auth": on, but only within TLS, or after AUTH. false:
    // not such a word, or nothing that this server can do.
    bool apply(std::string_view word);
    void apply(const std::vector<std::string>& words, std::vector<std::string>* bad = nullptr);

    // What of it is on in a session in this state.
    Extensions offered(bool in_tls, bool authenticated) const;
    void switch_off(Extension extension) { set_.reset(static_cast<std::size_t>(extension)); }

private:
    using Set = std::bitset<static_cast<std::size_t>(Extension::help) + 1>;
    Set set_, need_tls_, need_auth_;
};

// The keyword lines of EHLO's reply. databytes: 0 for none.
std::vector<std::string> ehlo_lines(const Extensions& offered, unsigned long long databytes,
                                    bool classic);

}
