// The scanners of a stage, one after the other (mta-hooks 10, 12): each sees what those before have
// changed; the strongest action holds. Facts and message in, a decision out.
#pragma once

#include "hooks/chain/metrics.hpp"
#include "hooks/decision.hpp"
#include "hooks/edits/ask_may_add.hpp"
#include "hooks/message/message.hpp"
#include "hooks/scanner/scanner.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

struct ChainSurroundings {
    std::vector<std::shared_ptr<Scanner>> scanners = {};   // by name
    std::string spool = {};                                // directory for changed messages
    AskMayAdd may_add = {};
    std::shared_ptr<Metrics> metrics = {};   // the daemon's, shared by its chains; may be absent
    std::function<void(std::string_view line)> log = {};         // absent: descriptor 2
    std::function<net::SteadyClock::time_point()> steady = {};   // absent: the clock
};

net::asio::awaitable<Decision> run_chain(ChainSurroundings around, Facts facts,
                                         std::optional<Message> message);

}
