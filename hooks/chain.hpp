// The scanners of a stage, one after the other (mta-hooks 10, 12): each sees what those before have
// changed; the strongest action holds. Facts and message in, a decision out.
#pragma once

#include "hooks/decision.hpp"
#include "hooks/message.hpp"
#include "hooks/scanner.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::hooks {

enum class AddAnswer : std::uint8_t { yes, foreign, no };

// Asks whom the facts came from whether a recipient may be added (C58).
using AskMayAdd = std::function<net::asio::awaitable<AddAnswer>(std::string address)>;

struct ChainSurroundings {
    std::vector<std::shared_ptr<Scanner>> scanners;   // by name
    std::string spool;                                // directory for changed messages
    AskMayAdd may_add;
};

net::asio::awaitable<Decision> run_chain(ChainSurroundings around, Facts facts,
                                         std::optional<Message> message);

}
