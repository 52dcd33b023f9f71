#include "send/scanners.hpp"

#include "hooks/hookd_socket.hpp"
#include "send/log.hpp"

#include <utility>

namespace grapnel::send {

namespace {

std::shared_ptr<const hooks::Subscriptions> read(const std::string& home)
{
    return std::make_shared<const hooks::Subscriptions>(
        hooks::read_subscriptions(home + "/control"));
}

}

Scanners::Scanners(net::asio::any_io_executor executor, std::string home, Log& log)
    : home_(std::move(home)), subscriptions_(read(home_))
{
    client_ = hooks::make_client(
        std::move(executor), home_, [this] { return subscriptions_; },
        [&log](const std::string& text) { log.warning("hooks: " + text); });
}

void Scanners::reread()
{
    subscriptions_ = read(home_);
    hooks::tell_to_reload(home_);
}

}
