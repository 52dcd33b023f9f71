// Many messages made durable by one flush. Whatever is ready while a flush runs is in the next one,
// and the same flush makes the names of those before durable, whose bytes already are; a message
// alone waits for nobody. Flushes run in a thread of their own; a batch belongs either to it or to
// the loop, never to both.
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
    // not queued. As many may wait as there are: the caller's connections are counted, and who
    // has sent all of his message is not turned away for what he has to wait.
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
    using Batch = std::vector<Entry*>;
    Batch take_batch();
    static void answer(const Batch& batch);
    static void refuse(const Batch& batch);
    boost::asio::awaitable<void> flush_in_thread();
    void end_thread();
    void work();   // the thread's, and so are these
    void turn();
    void flush() const;
    void flush_files() const;
    void flush_names() const;
    void publish_written();
    void publish(Entry& entry) const;

    net::Executor executor_;
    bool fsync_each_, broken_ = false;
    Fd queue_, todo_, quarantine_;
    std::deque<Entry*> waiting_;
    // The thread's from a byte on begin_ to a byte on done_.
    Batch written_;     // not yet flushed
    Batch published_;   // bytes durable, names not yet
    Batch durable_;     // to be answered
    net::Timer arrived_;
    Fd begin_write_, begin_read_, done_write_;
    net::Descriptor done_;
    std::thread thread_;
};

// Whether files here keep what they are given: writes a mebibyte, flushes, reads it back from the
// disk. Throws system_error. In the queue directory.
void prove_disk();

}
