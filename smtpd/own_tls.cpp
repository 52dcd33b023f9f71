#include "smtpd/own_tls.hpp"

#include "smtpd/log.hpp"

namespace grapnel::smtpd {

std::unique_ptr<net::TlsLayer> OwnTls::accept()
{
    if (material_) {
        std::vector<std::string> complaints;
        auto made = net::TlsServer::make(std::move(*material_), &complaints);
        material_.reset();
        if (made) server_ = std::move(*made);
        if (!made) complaints.push_back("servercert.pem: " + made.error().text);
        for (const auto& complaint : complaints) log::server(complaint);
    }
    return server_ ? server_->accept() : nullptr;
}

}
