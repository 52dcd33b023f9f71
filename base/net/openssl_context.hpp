// What the contexts of both sides have in common: TLS 1.2 and 1.3, no renegotiation, no
// compression, no buffers at rest; a list of ciphers for both versions. For base_tls alone.
#pragma once

#include "base/net/openssl.hpp"

#include <string>

namespace grapnel::net::openssl {

inline constexpr long longest_chain = 64 * 1024;   // of the peer's certificates, in bytes
inline constexpr int deepest_chain = 10;

Context make_context(const SSL_METHOD* method);

// Those of TLS 1.3 among the others; separated by colons, commas or blanks. false: OpenSSL knows
// none of them, and its own choice counts.
bool set_ciphers(SSL_CTX* context, const std::string& list);

}
