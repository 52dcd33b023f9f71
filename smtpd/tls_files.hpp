// What control/ holds for TLS: servercert.pem, servercerts/, clientca.pem, clientcrl.pem,
// tlsserverciphers. Read by who may read keys; qmaild, who serves clients, need not.
#pragma once

#include "base/net/tls_server.hpp"
#include "base/result.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"

#include <optional>
#include <string>
#include <vector>

namespace grapnel::smtpd {

// At most 1,000 names, 1 MiB a file, 16 MiB in all.
struct TlsFiles {
    // nullopt: there is no certificate, or none that can be used.
    std::optional<net::TlsMaterial> material = {};
    std::vector<std::string> complaints = {};
    bool forbidden = false;   // this process may not read the keys
};
TlsFiles read_tls_files(const Control& control, const Environment& environment);

// Of all of them, and of what they were: an editor changes it.
std::string tls_fingerprint(const Control& control);

}
