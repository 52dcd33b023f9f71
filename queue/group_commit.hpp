// Many messages made durable by one flush. Whatever is ready while a commit runs is in the next
// one; a message alone waits for nobody. The flush runs in a thread of its own; a batch
// belongs either to it or to the loop, never to both.
#pragma once

#include "base/net/descriptor.hpp"
#include "base/net/loop.hpp"
#include "base/net/timer.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/program.hpp"
#include "queue/incoming.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <thread>
#include <vector>

namespace grapnel::queue {

class GroupCommit {
public:
    // In the queue directory. fsync_each: flush each file by itself, where syncfs tells no errors
    // (before Linux 5.8).
    GroupCommit(net::Executor executor, bool fsync_each);
    ~GroupCommit();

    // incoming is prepared, and stays where it is until the answer: nothing when it is durably
    // queued, else why not. submitter: a socket; a message whose submitter has left meanwhile is
    // not queued.
    boost::asio::awaitable<std::optional<Stop>> commit(Incoming& incoming, int submitter);

    // Serves commit(); ends when the queue is broken and everybody has been told.
    boost::asio::awaitable<void> run();

    // A flush failed: what the disk holds is unknown, and no second flush can tell. Nothing more is
    // accepted; the process should end, and prove the disk before it starts again.
    bool is_broken() const { return broken_; }

private:
    struct Entry {
        Incoming& incoming;
        int submitter;
        net::Timer answered;
        std::optional<Stop> problem = {};
        bool published = false;
    };
    boost::asio::awaitable<void> gather();
    void take_batch();
    boost::asio::awaitable<void> flush_in_thread();
    void end_thread();
    void work();          // the thread's
    void flush_batch();   // the thread's
    void flush_files() const;
    void publish(Entry& entry) const;
    void flush_names() const;

    net::Executor executor_;
    bool fsync_each_, broken_ = false;
    std::size_t most_waiting_;
    Fd queue_, todo_, quarantine_;
    std::deque<Entry*> waiting_;
    std::size_t wanted_ = 1;   // so many waiting are worth a call
    std::size_t expected_ =
        0;   // of whom we know that they send: in the last commit, or come since
    net::Moment gather_until_{};
    std::vector<Entry*> batch_;   // the thread's from a byte on begin_ to a byte on done_
    bool durable_ = false;        // the batch is; likewise
    net::Timer arrived_;
    Fd begin_write_, begin_read_, done_write_;
    net::Descriptor done_;
    std::thread thread_;
};

// Whether files here keep what they are given: writes a mebibyte, flushes, reads it back from the
// disk. Throws system_error. In the queue directory.
void prove_disk();

}
