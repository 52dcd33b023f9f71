// Where sessions get TLS from: certificates as they are now.
#pragma once

#include "base/net/tls_layer.hpp"

#include <memory>

namespace grapnel::smtpd {

class TlsSource {
public:
    virtual ~TlsSource() = default;
    virtual bool is_ready() const = 0;   // there is a certificate
    // nullptr: it cannot be used after all.
    virtual std::unique_ptr<net::TlsLayer> accept() = 0;
};

}
