// What smtpd, send and inject see of scanners: facts in, a decision out. It never fails: where
// qmail-hookd is not there, or not in time, the policy of control/hooks decides. Knows no HTTP.
#pragma once

#include "base/net/stream.hpp"
#include "hooks/decision.hpp"
#include "hooks/hookd_socket.hpp"
#include "hooks/may_add.hpp"
#include "hooks/subscriptions.hpp"

#include <functional>
#include <memory>
#include <string>

namespace grapnel::hooks {

class Client {
public:
    virtual ~Client() = default;

    // message: a read-only descriptor of the text with LF line ends, from its beginning; -1 where
    // the stage has none; it stays the caller's. At a stage that nobody wants: accept, at once.
    // Ends within the time limits of the stage, whatever happens. Cancelled, or its coroutine
    // destroyed, the call is taken back. A message in the decision has been looked at: it has its
    // size, and is sealed or is read with read(2), never mapped.
    virtual net::asio::awaitable<Decision> ask(Facts facts, int message, AddPolicy may_add) = 0;
};

// Through home/run/hookd. Keeps connections from one call to the next, one call on each.
// subscriptions: what decides where there is no answer; asked at each call. say: for the log, when
// answers stop and when there are some again.
std::unique_ptr<Client>
make_client(net::asio::any_io_executor executor, std::string home,
            std::function<std::shared_ptr<const Subscriptions>()> subscriptions,
            std::function<void(const std::string& line)> say);

}
