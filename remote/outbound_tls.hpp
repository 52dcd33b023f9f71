// TLS towards the hosts that mail goes to, as control/ says: made when it is first wanted, made
// anew when a file of it changes; remembers where it did not work.
#pragma once

#include "base/net/ip_address.hpp"
#include "base/net/tls_client.hpp"
#include "base/result.hpp"
#include "base/sys/control.hpp"
#include "remote/file_watch.hpp"
#include "remote/tls_policy.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace grapnel::remote {

class OutboundTls {
public:
    explicit OutboundTls(Control control);

    // For a connection to host; level is none of none. The Failure's text is that of a report.
    Result<std::unique_ptr<net::TlsLayer>> layer(const TlsRule& rule, const std::string& host);

    // For the hosts where TLS is a may: for an hour, of 10,000 at most.
    bool failed_lately(const net::Endpoint& endpoint) const;
    void note_failure(const net::Endpoint& endpoint);

    const Control& control() const { return control_; }

private:
    using Clock = std::chrono::steady_clock;
    using Client = std::shared_ptr<net::TlsClient>;
    Result<Client> client(const TlsRule& rule);
    Result<Client> make(const TlsRule& rule) const;

    Control control_;
    FileWatch files_;
    Client any_, verified_;   // shared with nobody, but so they come
    std::map<std::string, Clock::time_point> failed_;
};

}
