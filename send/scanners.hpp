// control/hooks/ as far as qmail-send cares, and the way to qmail-hookd.
#pragma once

#include "hooks/client.hpp"

#include <memory>
#include <string>

namespace grapnel::send {

class Log;

class Scanners {
public:
    Scanners(net::asio::any_io_executor executor, std::string home, Log& log);

    hooks::Client& client() { return *client_; }
    std::shared_ptr<const hooks::Subscriptions> subscriptions() const { return subscriptions_; }
    // HUP: for qmail-hookd, too.
    void reread();

private:
    std::string home_;
    std::shared_ptr<const hooks::Subscriptions> subscriptions_;
    std::unique_ptr<hooks::Client> client_;
};

}
