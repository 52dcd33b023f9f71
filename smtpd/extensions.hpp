// What beyond RFC 5321's minimum is on: control/smtpext and the variable SMTPEXT. The list that
// EHLO shows and the parameters that MAIL and RCPT take both ask here. Pure.
#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

enum class Extension { pipelining, eight_bit_mime, size, enhanced_status_codes, vrfy, expn, help };

class Extensions {
public:
    Extensions();   // the defaults: all but EXPN

    bool has(Extension extension) const { return set_[static_cast<std::size_t>(extension)]; }
    // "+KEY", "-KEY", "-ALL". false: not such a word, or nothing that this server can do.
    bool apply(std::string_view word);
    void apply(const std::vector<std::string>& words, std::vector<std::string>* bad = nullptr);

private:
    std::bitset<static_cast<std::size_t>(Extension::help) + 1> set_;
};

// The keyword lines of EHLO's reply. databytes: 0 for none.
std::vector<std::string> ehlo_lines(const Extensions& offered, unsigned long long databytes,
                                    bool classic);

}
