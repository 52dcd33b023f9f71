// Certificates and keys out of PEM. For base_tls alone.
#pragma once

#include "base/net/openssl.hpp"
#include "base/result.hpp"

#include <string_view>
#include <vector>

namespace grapnel::net::openssl {

struct Credential {
    Certificate certificate;
    Key key;
    std::vector<Certificate> chain;   // what stands behind it, up to the next key's certificate
};

// At least one, each key with its certificate.
Result<std::vector<Credential>> read_credentials(std::string_view pem);

// To a connection: false where OpenSSL will not have it (a key that is too small …).
bool use(SSL* ssl, const Credential& credential);
bool use(SSL_CTX* context, const Credential& credential);

// Authorities, and lists of what they revoked.
Result<> trust(SSL_CTX* context, std::string_view pem);

}
