#include "smtpd/current_tls.hpp"

#include "base/sys/packet.hpp"
#include "base/sys/secret.hpp"
#include "smtpd/key_keeper.hpp"
#include "smtpd/log.hpp"
#include "smtpd/tls_bundle.hpp"

#include <exception>
#include <vector>

namespace grapnel::smtpd {

CurrentTls::CurrentTls(Fd keys) : keys_(std::move(keys))
{
    set_nonblocking(keys_.get());
    look();
}

bool CurrentTls::look()
{
    std::vector<char> room(16);
    for (;;) {
        const auto packet = receive_packet(keys_.get(), room);
        if (!packet) return true;
        if (packet->ended) return false;
        if (packet->descriptors.empty())
            server_.reset();
        else
            take(packet->descriptors.front().get());
    }
}

// Who sent it has tried it.
void CurrentTls::take(int bundle)
{
    try {
        auto bytes = read_bundle(bundle);
        auto material = decode_bundle(bytes);
        wipe(bytes);
        if (!material) return log::server("certificates that cannot be read");
        auto made = net::TlsServer::make(std::move(*material));
        if (!made) return log::server("certificates: " + made.error().text);
        server_ = std::move(*made);
    } catch (const std::exception& error) {
        log::server(std::string("certificates: ") + error.what());
    }
}

std::unique_ptr<net::TlsLayer> CurrentTls::accept()
{
    return server_ ? server_->accept() : nullptr;
}

}
