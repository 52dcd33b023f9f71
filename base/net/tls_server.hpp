// The server's side of TLS: certificates by name, who may show one of his own, tickets. TLS 1.2
// and 1.3; no renegotiation, no early data. Reads no files: it is given what is in them.
#pragma once

#include "base/net/tls_layer.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::net {

// PEM, with private keys in it: its memory is wiped when it goes.
struct TlsMaterial {
    TlsMaterial() = default;
    TlsMaterial(TlsMaterial&&) = default;
    TlsMaterial& operator=(TlsMaterial&&) = default;
    ~TlsMaterial();

    // Keys, and for each its certificate with those that lead to its authority behind it. Several
    // keys: one of each kind (RSA, ECDSA).
    std::string standard;
    // The same by the name that a client asks for, "*.example.org" for one label more. Others get
    // the standard one.
    std::vector<std::pair<std::string, std::string>> named = {};

    std::string ciphers = {};   // OpenSSL's list; those of TLS 1.3 among them. "": its own choice
    std::string client_authorities = {};   // with revocation lists; "": nobody is asked
    // Newest first, ticket_key_size octets each: tickets are made with the first one, taken by all.
    // "": no tickets.
    std::string ticket_keys = {};
};
inline constexpr std::size_t ticket_key_size = 80;
std::string make_ticket_key();   // throws

// What OpenSSL reads from the disk, its configuration and providers, before files are out of reach.
void prepare_tls();

class TlsServer {
public:
    // What is wrong with a list of ciphers is said in complaints, and its own choice counts.
    static Result<std::shared_ptr<TlsServer>> make(TlsMaterial material,
                                                   std::vector<std::string>* complaints = nullptr);
    ~TlsServer();

    // For one connection; throws where there is no memory. It may outlive the server.
    std::unique_ptr<TlsLayer> accept() const;

    // Every certificate and key that has not been used yet, too: "NAME: what is wrong".
    std::vector<std::string> check() const;

private:
    struct State;
    explicit TlsServer(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;   // shared with OpenSSL's context, which connections keep
};

}
