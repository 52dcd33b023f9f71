// Keys and certificates as bytes, from the process that may read the files to those that serve
// clients: in sealed memory, beside a packet. Pure.
#pragma once

#include "base/net/tls_server.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

// Records: a letter, the length in digits, ":", so many octets. D default, N a name, then C its
// certificate, L ciphers, A authorities, T ticket keys.
std::string encode_bundle(const net::TlsMaterial& material);
std::optional<net::TlsMaterial> decode_bundle(std::string_view bytes);

inline constexpr std::size_t longest_bundle = 20u << 20;

}
