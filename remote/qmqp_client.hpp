// One message to a QMQP server: https://cr.yp.to/proto/qmqp.html.
#pragma once

#include "base/net/ip_address.hpp"
#include "base/net/stream.hpp"

#include <string>
#include <vector>

namespace grapnel::remote {

// The message in pieces, so that a large one need not be in one place.
struct QmqpRequest {
    std::vector<std::string> message;
    std::string sender;
    std::vector<std::string> recipients;
};

struct QmqpOutcome {
    int exit_code = 0;       // of qmail-queue
    std::string text = {};   // what the server said beside Z or D
};
// The servers in turn, until one takes the connection. Each connects within 10 s; then nothing may
// stand still for 60 s.
net::asio::awaitable<QmqpOutcome> send_by_qmqp(std::vector<net::Endpoint> servers,
                                               QmqpRequest request);

}
