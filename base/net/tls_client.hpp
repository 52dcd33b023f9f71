// The client's side of TLS: who is believed, and what we show of ourselves. TLS 1.2 and 1.3; no
// renegotiation. Reads no files but the system's authorities, and those only to verify.
#pragma once

#include "base/net/tls_layer.hpp"
#include "base/result.hpp"

#include <memory>
#include <string>

namespace grapnel::net {

struct TlsClientSettings {
    TlsClientSettings() = default;
    TlsClientSettings(TlsClientSettings&&) = default;
    TlsClientSettings& operator=(TlsClientSettings&&) = default;
    ~TlsClientSettings();   // wipes own

    bool verified = false;          // a server must prove who it is, or there is no connection
    std::string authorities = {};   // PEM, with revocation lists; "": those of the system
    std::string ciphers = {};       // OpenSSL's list; "", or none that it knows: its own choice
    // PEM: our certificate with its key; what cannot be used is not shown. "": none.
    std::string own = {};
};

class TlsClient {
public:
    // A Failure where authorities hold none.
    static Result<std::shared_ptr<TlsClient>> make(TlsClientSettings settings);
    ~TlsClient();

    // For one connection. host: a name, told to the server (SNI), or an IP address; where it is
    // verified, what the certificate must be for. It may outlive the client.
    std::unique_ptr<TlsLayer> connect(const std::string& host) const;

private:
    struct State;
    explicit TlsClient(std::shared_ptr<State> state);
    std::shared_ptr<State> state_;   // shared with the connections, which keep OpenSSL's context
};

}
