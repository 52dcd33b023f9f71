// qmail-queued at work: takes messages from local submitters over a stream socket, many at once,
// and answers each when it is durably queued. Caps: connections in all, and of one uid.
#pragma once

#include "base/net/loop.hpp"
#include "base/net/stream.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/own_code.hpp"
#include "queue/group_commit.hpp"
#include "queue/queued_wire.hpp"
#include "queue/spool.hpp"
#include "queue/taps.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace grapnel::queue {

class Reception;

// Users who may fill the whole of it: the network's and bounces' submitters.
struct Trusted {
    uid_t daemon = 0, send = 0, alias = 0;
    uid_t owner = 0;   // of the queue: says for whom it acts
};

class QueuedServer {
public:
    // In the queue directory. listener: a listening local socket, non-blocking. own_queue:
    // bin/qmail-queue, looked at already.
    QueuedServer(net::Loop& loop, int listener, const Trusted& trusted, OwnCode own_queue,
                 bool fsync_each);

    // Until SIGTERM (messages under way are finished, for a minute), or until the disk has failed.
    // The exit code.
    int run();

private:
    boost::asio::awaitable<void> accept();
    struct Peer {
        uid_t uid;
        pid_t process;      // ours where his has no number here
        uid_t counted_as;   // whose place he takes
    };
    boost::asio::awaitable<void> serve(Fd socket, Peer peer);
    boost::asio::awaitable<bool> take_message(net::Stream& stream, Peer& peer);
    boost::asio::awaitable<std::optional<FrameHead>> next_head(net::Stream& stream);
    boost::asio::awaitable<void> commits();
    boost::asio::awaitable<void> await_signal();
    bool has_room(uid_t uid) const;
    void count(uid_t uid) { ++connections_[uid]; }
    void uncount(uid_t uid);
    bool count_as(Peer& peer, uid_t uid);
    boost::asio::awaitable<std::optional<ActsFor>>
    whom_it_acts_for(net::Stream& stream, const FrameHead& head, Peer& peer);
    Submitter submitter(const ActsFor& who) const;
    void add_taps(Submitter& submitter, Reception& reception);
    void left(const Peer& peer, net::Stream* stream);
    void end(const std::set<net::Stream*>& streams);
    void begin(boost::asio::awaitable<void> work);

    net::Loop& loop_;
    int listener_;
    Trusted trusted_;
    OwnCode own_queue_;
    std::size_t most_;   // connections
    Spool spool_;
    Directories directories_;
    GroupCommit group_;
    TapsFile taps_{home() + "/control"};
    std::map<uid_t, std::size_t> connections_;
    std::set<net::Stream*> streams_, idle_;   // idle: between messages: may be ended at once
    std::size_t total_ = 0;
    bool ending_ = false;
    const pid_t process_ = ::getpid();
    int exit_code_ = 0;
};

}
