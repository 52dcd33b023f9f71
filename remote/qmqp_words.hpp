// What a QMQP client reads: the list of its servers, and what one of them says. Pure.
#pragma once

#include "base/net/ip_address.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::remote {

// "192.0.2.1", "192.0.2.1:6280", "2001:db8::1", "[2001:db8::1]:6280"; port 628 where none is given.
// nullopt: anything else.
std::optional<net::Endpoint> parse_qmqp_server(std::string_view text);

// What a server says: K, Z or D, and words. Whatever is before the letter is skipped, as ever; the
// words may be cut.
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

}
