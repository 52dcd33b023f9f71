// One scanner as it is now: registered or not, its warm connections, how many calls it has, whether
// it is up (mta-hooks 4.3, 6, 14, 15). A call ends within its limit, with one of five outcomes.
// Knows nothing of what requests and answers mean.
#pragma once

#include "base/net/stream.hpp"
#include "hooks/request/request.hpp"
#include "hooks/scanner/scanner_settings.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::hooks {

// What holds for calls: of a live registration.
struct Agreement {
    std::string id;   // of the registration
    Serialization serialization = Serialization::json;
    Stages stages;
    std::vector<Pointer> inbound, outbound;                 // properties it is sent
    std::vector<Pointer> may_change, may_change_outbound;   // C12
    std::vector<Action> actions;                            // C13
    std::optional<std::uint64_t> message_limit;             // octets of a message (C71)
};

struct CallOutcome {
    enum class Kind : std::uint8_t { answer, no_change, failure, malformed, oversize };
    Kind kind = Kind::failure;
    std::string why = {};      // for the log: "timeout", "status 503", "breaker" …
    std::string answer = {};   // body of a 200
    std::shared_ptr<const Agreement> agreement = {};   // under which it was asked; may be absent
    std::string request_id = {};
    unsigned attempts = 0;
    int status = 0;   // the last HTTP status; 0: none
    std::chrono::milliseconds took{0};
};

// Makes the body for an agreement; called again only where the agreement changes in the middle.
using MakeBody = std::function<std::shared_ptr<const RequestBody>(const Agreement&)>;

class Scanner {
public:
    virtual ~Scanner() = default;
    virtual const ScannerSettings& settings() const = 0;
    // As it is now; nullptr: there is none. A stage that it does not have is not called.
    virtual std::shared_ptr<const Agreement> agreement() const { return nullptr; }
    // message_size: octets of rawMessage where the stage has a message, else 0. limit: what is left
    // of the stage; the scanner's own budget may be shorter.
    virtual net::asio::awaitable<CallOutcome> call(Stage stage, std::uint64_t message_size,
                                                   MakeBody body,
                                                   std::chrono::milliseconds limit) = 0;
    // An answer that was no good after all (malformed, refused downgrade): counts for the breaker.
    virtual void blame() = 0;
};

}
