// qmail-hookd at work: clients of run/hookd, many at once; caps on connections, in all and of one
// uid; HUP and TERM.
#pragma once

#include "base/net/loop.hpp"
#include "hooks/server/hookd_connection.hpp"

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace grapnel::hooks {

class HookdServer {
public:
    // listener: a listening local socket, non-blocking. spool, captures: directories.
    HookdServer(net::Loop& loop, int listener, const KnownUsers& users,
                HookdSurroundings surroundings);

    // Until SIGTERM: what was asked for is answered, then the scanners are told. The exit code.
    int run();

private:
    net::asio::awaitable<void> accept();
    net::asio::awaitable<void> serve(Fd socket, uid_t uid);
    net::asio::awaitable<void> await_signals();
    net::asio::awaitable<void> end();
    bool has_room(uid_t uid) const;
    void left(uid_t uid, HookdConnection* connection);
    void begin(net::asio::awaitable<void> work);

    net::Loop& loop_;
    int listener_;
    KnownUsers users_;
    HookdSurroundings around_;
    std::size_t most_;   // connections
    std::map<uid_t, std::size_t> of_uid_;
    std::set<HookdConnection*> connections_;
    std::size_t total_ = 0;
    net::Timer all_left_;
    bool ending_ = false;
};

}
