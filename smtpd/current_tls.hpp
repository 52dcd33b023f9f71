// Certificates of a worker: what its parent has handed down last. Sessions that began with others
// go on with those.
#pragma once

#include "base/net/tls_server.hpp"
#include "base/sys/fd.hpp"
#include "smtpd/tls_source.hpp"

#include <memory>

namespace grapnel::smtpd {

class CurrentTls final : public TlsSource {
public:
    // keys: where packets of key_keeper.hpp come from; those that are there are taken at once.
    explicit CurrentTls(Fd keys);

    bool look();   // takes what has come; false: nothing will come any more
    int descriptor() const { return keys_.get(); }

    bool is_ready() const override { return server_ != nullptr; }
    std::unique_ptr<net::TlsLayer> accept() override;

private:
    void take(int bundle);

    Fd keys_;
    std::shared_ptr<net::TlsServer>
        server_;   // shared with nobody: connections share what is in it
};

}
