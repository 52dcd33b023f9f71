// What a scanner says of itself before it knows us (mta-hooks section 3): where to register, what
// it takes, what it may want to change. Hostile text in, checked values out. Pure.
#pragma once

#include "base/net/url.hpp"
#include "base/result.hpp"
#include "hooks/codec/serialization.hpp"
#include "hooks/stage.hpp"
#include "hooks/values/pointer.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::hooks {

// Where a scanner may send us (C8): its own origin, and others that the administrator listed.
class Origins {
public:
    Origins(const net::Url& own, const std::vector<std::string>& others);
    // A URL in an answer to a request for `asked`; nullopt: malformed, or somewhere else.
    std::optional<net::Url> resolve(const net::Url& asked, std::string_view reference) const;

private:
    std::vector<std::string> origins_;
};

struct Offer {
    Stages stages;
    std::vector<Pointer> fetch, update;
};

struct Discovery {
    net::Url registration;
    std::string deregistration;   // a reference with {registration_id} in it; "": none
    std::vector<Serialization> serializations;
    std::optional<Offer> inbound, outbound;
    std::vector<Action> actions;   // of both directions
    std::optional<std::uint64_t> message_limit;
    std::optional<std::chrono::milliseconds> timeout;

    const std::optional<Offer>& offer(Direction direction) const
    {
        return direction == Direction::inbound ? inbound : outbound;
    }
};

// body: in JSON or CBOR, as its Content-Type says. A Failure: no discovery; why, for a log.
Result<Discovery> decode_discovery(Serialization serialization, std::string_view body,
                                   const net::Url& asked, const Origins& origins);

}
