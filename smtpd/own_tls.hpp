// TLS of one session in a process of its own: nothing is made of the certificate before it is
// wanted.
#pragma once

#include "smtpd/tls_files.hpp"
#include "smtpd/tls_source.hpp"

#include <optional>

namespace grapnel::smtpd {

class OwnTls final : public TlsSource {
public:
    explicit OwnTls(std::optional<net::TlsMaterial> material) : material_(std::move(material)) {}

    bool is_ready() const override { return material_ || server_; }
    std::unique_ptr<net::TlsLayer> accept() override;

private:
    std::optional<net::TlsMaterial> material_;
    std::shared_ptr<net::TlsServer> server_;
};

}
