// Which hosts must have TLS, and what proves who they are: control/tlsdestinations, and the files
// of the TLS patches for qmail, tlshosts/ and notlshosts/. Policies that hosts publish themselves
// (DANE, MTA-STS) are not looked for.
#pragma once

#include "base/sys/control.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::remote {

enum class TlsLevel {
    none,      // never
    may,       // where it is offered, and works
    encrypt,   // or no mail; whoever it is
    verify,    // or no mail; and he must prove to be that host
};

struct TlsRule {
    TlsLevel level = TlsLevel::may;
    std::string authorities = {};   // the file to verify by; "": the usual ones
    bool operator==(const TlsRule&) const = default;
};

// control/tlsdestinations: "NAME:level" for a host or the domain of a recipient, ".SUFFIX:level",
// "*:level" for all others.
class TlsDestinations {
public:
    TlsDestinations() = default;
    explicit TlsDestinations(const std::vector<std::string>& lines);   // skips what makes no sense
    std::optional<TlsLevel> of_host(std::string_view host) const;      // by its own line
    // The host's line, then the domain's; of each the whole name, then its suffixes; then "*".
    std::optional<TlsLevel> find(std::string_view host, std::string_view domain) const;

private:
    std::vector<std::pair<std::string, TlsLevel>> entries_;
};

std::optional<TlsLevel> parse_tls_level(std::string_view word);

// For mail to domain by way of host. with_login: a password goes there, so only what names the host
// itself asks for less than proof, and what may have been written without a thought does not.
TlsRule tls_rule(const Control& control, const TlsDestinations& destinations, std::string_view host,
                 std::string_view domain, bool with_login);

}
