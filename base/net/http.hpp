// One request, one reply over HTTP/1.1 or, where TLS finds out that the peer has it, HTTP/2, on
// connections that stay warm. What is asked for is what is spoken to: no redirects, no proxies from
// the environment, no cookies, no compression. Certificates are always verified.
#pragma once

#include "base/net/http_reply.hpp"
#include "base/net/loop.hpp"
#include "base/net/stream.hpp"

#include <functional>
#include <memory>

namespace grapnel::net {

struct HttpOptions {
    std::string ca_file = {};                                  // PEM; "": the system's
    std::string client_cert_file = {}, client_key_file = {};   // PEM; "": none
    std::string agent = "grapnel";
    std::size_t max_connections = 32;        // warm ones included
    std::size_t max_http2_connections = 2;   // where the peer speaks HTTP/2: one serves many
    SteadyClock::duration idle_limit = std::chrono::seconds(60);
};

// The next octets of a body, as many as fit at most; 0: its end.
using ReadBody = std::function<std::size_t(char* room, std::size_t size)>;

struct HttpRequest {
    std::string method = "GET", url = {};
    std::vector<HttpField> fields = {};
    // Opens the body at its beginning, each time it has to be sent. None: the request has no body.
    std::function<ReadBody()> body = {};
    std::uint64_t body_size = 0;             // of exactly so many octets
    bool anonymous = false;                  // without our client certificate
    std::size_t answer_limit = 1U << 20U;    // octets of the reply's body
    SteadyClock::time_point deadline = {};   // of everything, however busy the peer is
    SteadyClock::duration connect_limit = std::chrono::seconds(5);   // names, TCP, TLS
};

class Http {
public:
    Http(Executor executor, HttpOptions options);
    ~Http();   // requests under way go on

    // Fails only by HttpReply::trouble, or with ECANCELED where the caller is cancelled; however it
    // ends, its connection is not used by others half way. A connection from the pool that turns
    // out to be closed is replaced unseen, once nothing of a reply had come.
    asio::awaitable<HttpReply> ask(HttpRequest request);

    struct State;

private:
    std::shared_ptr<State> state_;   // shared with requests under way
};

}
