// A scanner over HTTP or HTTPS in a process of its own (tests/support/scanner.py says what it can
// be told), which checks every request against the protocol.
#pragma once

#include "support/ports.hpp"
#include "support/process.hpp"
#include "support/temp_home.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

// A throwaway certificate authority: ca.pem, server.pem, server.key, client.pem, client.key. Of
// 127.0.0.1.
class Certificates {
public:
    Certificates();
    std::string operator/(std::string_view name) const { return directory_ / name; }
    const std::string& path() const { return directory_.path(); }

private:
    TempDirectory directory_;
};

class HttpScanner {
public:
    explicit HttpScanner(const Certificates* tls = nullptr);

    Port port() const { return port_; }
    std::string url() const;   // "http://127.0.0.1:PORT/"

    // One command: {"set": …}, {"next": …}, {"forget": true}. Throws where it is not understood.
    void tell(const std::string& command);
    // What has been asked so far, one JSON object each, in the order of arrival.
    std::vector<std::string> requests();

private:
    std::string url_;
    Process process_;
    Port port_ = 0;
    std::size_t told_ = 0;
};

}
