// Listening sockets: opened by a parent that keeps them, accepted from by event loops.
#pragma once

#include "base/net/ip_address.hpp"
#include "base/net/loop.hpp"
#include "base/sys/fd.hpp"

#include <memory>
#include <optional>

namespace grapnel::net {

// A TCP socket with SO_REUSEPORT, one of several on the same port, with a long line of waiting
// connections. Throws system_error.
Fd open_listener(const Endpoint& endpoint);
Endpoint bound_to(int socket);   // where it listens: for port 0

struct Accepted {
    Fd socket;   // none with an error
    Endpoint remote, local;
    int error = 0;
};

class Acceptor {
public:
    Acceptor(Executor executor, Fd listener);
    Acceptor(Acceptor&&) noexcept;
    ~Acceptor();

    // The next connection, with TCP_NODELAY. Out of descriptors: an error, the connection still
    // waits.
    boost::asio::awaitable<Accepted> accept();
    std::optional<Accepted> accept_now();   // nullopt: nobody waits
    void close();                           // whoever waits in accept() gets ECANCELED as error

private:
    struct State;
    std::unique_ptr<State> state_;
};

}
