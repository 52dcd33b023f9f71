// A connection of OpenSSL's as a TlsLayer. For base_tls alone.
#pragma once

#include "base/net/openssl.hpp"
#include "base/net/tls_layer.hpp"

namespace grapnel::net::openssl {

// ssl has its context and its role; kept: what their callbacks use.
std::unique_ptr<TlsLayer> make_layer(Connection ssl, std::shared_ptr<void> kept);

}
