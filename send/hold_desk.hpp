// The other end of qmail-hold in qmail-send: takes requests from root and its own user only, one
// line from each caller, and answers when what it did is on disk.
#pragma once

#include "base/net/loop.hpp"
#include "base/result.hpp"
#include "base/sys/fd.hpp"
#include "send/hold_request.hpp"

#include <functional>

namespace grapnel::send {

// Before qmail-send is confined. None: there can be no socket, and qmail-hold says so.
Fd open_hold_desk();

class HoldDesk {
public:
    using Obey = std::function<grapnel::Result<>(const HoldRequest&)>;
    HoldDesk(net::Executor executor, Fd listener, Obey obey);

    boost::asio::awaitable<void> run();   // for ever

private:
    void admit(Fd caller);
    boost::asio::awaitable<void> serve(Fd caller);

    net::Executor executor_;
    Fd listener_;
    Obey obey_;
    unsigned callers_ = 0;
};

}
