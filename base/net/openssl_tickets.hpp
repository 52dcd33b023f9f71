// Session tickets (RFC 5077, 8446 4.6.1) under keys that several processes share. For base_tls
// alone.
#pragma once

#include "base/net/openssl.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::net::openssl {

// A name, a key for AES-256-CBC, one for HMAC-SHA-256.
class TicketKeys {
public:
    TicketKeys() = default;
    explicit TicketKeys(std::string keys) : keys_(std::move(keys)) {}
    TicketKeys(const TicketKeys&) = delete;
    TicketKeys& operator=(const TicketKeys&) = delete;
    ~TicketKeys();

    void set(std::string keys);
    // As SSL_CTX_set_tlsext_ticket_key_evp_cb(3) has it: 0: unknown, 1: made or read, 2: read, and
    // it should be a newer one.
    int apply(unsigned char* name, unsigned char* start, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
              bool to_make) const;

private:
    std::string keys_;
};

}
