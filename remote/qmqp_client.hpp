// One message to a QMQP server: https://cr.yp.to/proto/qmqp.html.
#pragma once

#include "base/net/ip_address.hpp"
#include "base/net/stream.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::remote {

// "192.0.2.1", "192.0.2.1:6280", "2001:db8::1", "[2001:db8::1]:6280"; port 628 where none is given.
// nullopt: anything else. Pure.
std::optional<net::Endpoint> parse_qmqp_server(std::string_view text);

// What a server says: K, Z or D, and words. Whatever is before the letter is skipped, as ever; the
// words may be cut. Pure.
class QmqpReply {
public:
    static constexpr std::size_t most_before = 1000, longest_text = 254;
    enum class State { more, done, nonsense };
    State take(std::string_view bytes);   // all of them

    char letter() const { return letter_; }   // 0: not yet
    const std::string& text() const { return text_; }

private:
    char letter_ = 0;
    std::size_t before_ = 0, expected_ = 0;
    bool size_known_ = true;
    std::string text_;
};

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
