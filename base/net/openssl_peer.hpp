// What a finished handshake tells: of the connection, of the client's certificate. For base_tls
// alone.
#pragma once

#include "base/net/openssl.hpp"
#include "base/net/tls_layer.hpp"

#include <optional>
#include <string>

namespace grapnel::net::openssl {

TlsFacts facts_of(SSL* ssl);

std::optional<std::string> exporter_binding(SSL* ssl);    // RFC 9266
std::optional<std::string> end_point_binding(SSL* ssl);   // RFC 5929 4

}
