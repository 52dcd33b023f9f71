// What smtpd, send and inject see of scanners: facts in, a decision out. It never fails: where
// qmail-hookd is not there, or not in time, the policy of control/hooks decides. Knows no HTTP.
#pragma once

#include "base/net/stream.hpp"
#include "hooks/decision.hpp"
#include "hooks/subscriptions.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

// Whether an address that a scanner wants to add may be added: the policy of RCPT TO for this
// client. One that only a scanner with relay-recipients may add: `foreign`.
enum class MayAdd : std::uint8_t { yes, foreign, no };
using AddPolicy = std::function<MayAdd(std::string_view address)>;

class Client {
public:
    virtual ~Client() = default;

    // message: a read-only descriptor of the text with LF line ends, from its beginning; -1 where
    // the stage has none. Ends within the time limits of the stage, whatever happens. Cancelled, or
    // its coroutine destroyed, the call is taken back.
    virtual net::asio::awaitable<Decision> ask(Facts facts, int message, AddPolicy may_add) = 0;
};

// Through home/run/hookd. Keeps connections from one call to the next, one call on each.
// subscriptions: what decides where there is no answer; asked at each call.
std::unique_ptr<Client>
make_client(net::asio::any_io_executor executor, std::string home,
            std::function<std::shared_ptr<const Subscriptions>()> subscriptions);

// control/ has changed, or the operator said so: qmail-hookd is to read its files again. Never
// waits long; nothing where it does not run.
void tell_to_reload(const std::string& home);

}
