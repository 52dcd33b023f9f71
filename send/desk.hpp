// Where programs of ours ask something of qmail-send: a local socket, one line from each caller,
// and one back when it is done. Who may ask is told by the kernel.
#pragma once

#include "base/net/loop.hpp"
#include "base/sys/fd.hpp"

#include <functional>
#include <string>

#include <sys/types.h>

namespace grapnel::send {

// Before qmail-send is confined. None: there can be no socket, and who would ask finds nobody.
Fd open_desk(const std::string& path);

class Desk {
public:
    using Admits = std::function<bool(uid_t)>;
    // line: without its LF, empty where there was none in time. The answer has one.
    using Reply = std::function<boost::asio::awaitable<std::string>(std::string line)>;
    // most: callers at once; who comes then is hung up on.
    Desk(net::Executor executor, Fd listener, unsigned most, Admits admits, Reply reply);

    boost::asio::awaitable<void> run();   // for ever

private:
    bool may_ask(int caller) const;
    void admit(Fd caller);
    boost::asio::awaitable<void> serve(Fd caller);

    net::Executor executor_;
    Fd listener_;
    const unsigned most_;
    Admits admits_;
    Reply reply_;
    unsigned callers_ = 0;
};

}
