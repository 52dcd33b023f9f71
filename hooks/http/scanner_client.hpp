// Requests to one scanner, each with the credentials it wants (mta-hooks section 5), over its warm
// connections. Knows nothing of what they mean.
#pragma once

#include "base/net/http.hpp"
#include "hooks/codec/serialization.hpp"
#include "hooks/scanner/scanner_settings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace grapnel::hooks {

// What is sent, each time the same octets.
struct SentBody {
    std::function<net::ReadBody()> open;
    std::uint64_t size = 0;
    Serialization serialization = Serialization::json;
    std::string sha256 = {};   // found out where it is needed
};
std::shared_ptr<SentBody> sent_body(Serialization serialization, std::string bytes);

struct ScannerRequest {
    std::string method = "GET", url = {};
    Serialization accept = Serialization::json;
    std::string registration = {}, request_id = {};   // "": without
    std::shared_ptr<SentBody> body = {};
    bool anonymous = false;   // without credentials (C7)
    std::size_t answer_limit = 1U << 20U;
    net::SteadyClock::time_point deadline = {};
};

class ScannerClient {
public:
    ScannerClient(net::Executor executor, const ScannerSettings& settings);

    net::asio::awaitable<net::HttpReply> ask(ScannerRequest request);
    void use(Credentials credentials);   // from now on, and new connections

private:
    net::Executor executor_;
    std::string ca_file_;
    std::size_t max_connections_;
    Credentials credentials_;
    std::unique_ptr<net::Http> http_;
};

}
