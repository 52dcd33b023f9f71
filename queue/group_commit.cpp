#include "queue/group_commit.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "queue/exit_code.hpp"
#include "queue/trigger.hpp"
#include "queue/trouble.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>
#include <utility>

namespace grapnel::queue {

namespace {

constexpr std::size_t most_messages = 64;
constexpr std::uint64_t most_bytes = 64u << 20;

bool has_left(int socket)
{
    char byte = 0;
    const auto count = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

Stop stop_of(std::exception_ptr trouble)
{
    try {
        std::rethrow_exception(trouble);
    } catch (const Stop& stop) {
        return stop;
    } catch (const std::exception&) {
        return {exit_code::write_error, "unable to write to the queue (#4.3.0)"};
    }
}

}

GroupCommit::GroupCommit(net::Executor executor, bool fsync_each)
    : executor_(executor),
      fsync_each_(fsync_each),
      // Opened before anything is written: syncfs tells an error once for each open file.
      queue_(open_file(".", O_RDONLY | O_DIRECTORY)),
      todo_(open_file("todo", O_RDONLY | O_DIRECTORY)),
      quarantine_(::open("quarantine", O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
      arrived_(executor),
      done_(executor, [this] {
          Pipe begin = make_pipe(), done = make_pipe();
          begin_write_ = std::move(begin.writer);
          begin_read_ = std::move(begin.reader);
          done_write_ = std::move(done.writer);
          return std::move(done.reader);
      }())
{
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);   // signals are the loop's
    thread_ = std::thread([this] { work(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

GroupCommit::~GroupCommit() { end_thread(); }

void GroupCommit::end_thread()
{
    const char byte = 'E';
    [[maybe_unused]] const auto ignored = ::write(begin_write_.get(), &byte, 1);
    begin_write_.reset();
    if (thread_.joinable()) thread_.join();
}

boost::asio::awaitable<std::optional<Stop>> GroupCommit::commit(Incoming& incoming, int submitter)
{
    if (broken_) co_return Stop{exit_code::write_error, "the queue's disk has failed (#4.3.0)"};
    Entry entry{incoming, submitter, net::Timer(executor_)};
    waiting_.push_back(&entry);
    arrived_.call();
    co_await entry.answered.wait();
    co_return entry.problem;
}

GroupCommit::Batch GroupCommit::take_batch()
{
    Batch batch;
    for (std::uint64_t bytes = 0;
         !waiting_.empty() && batch.size() < most_messages && bytes < most_bytes;) {
        bytes += waiting_.front()->incoming.bytes();
        batch.push_back(waiting_.front());
        waiting_.pop_front();
    }
    return batch;
}

void GroupCommit::answer(const Batch& batch)
{
    for (auto* entry : batch) entry->answered.call();
}

// Whatever was in hand when the disk failed.
void GroupCommit::refuse(const Batch& batch)
{
    for (auto* entry : batch)
        if (!entry->problem)
            entry->problem = Stop{exit_code::write_error, "the queue's disk has failed (#4.3.0)"};
    answer(batch);
}

boost::asio::awaitable<void> GroupCommit::run()
{
    while (!broken_) {
        while (waiting_.empty() && published_.empty()) co_await arrived_.wait();
        // Who has sent all of his message already is taken along: one turn to see who is ready, and
        // one in which they are.
        for (int turn = 0; turn < 2; ++turn) co_await net::yield_turn();
        written_ = take_batch();
        co_await flush_in_thread();
        answer(std::exchange(durable_, {}));
    }
    refuse(std::exchange(published_, {}));
    refuse(std::exchange(written_, {}));
    while (!waiting_.empty()) refuse(take_batch());
}

boost::asio::awaitable<void> GroupCommit::flush_in_thread()
{
    char byte = 0;
    try {
        write_all(begin_write_.get(), {&byte, 1});
        const auto count = co_await done_.read_some(&byte, 1);
        broken_ = count != 1 || byte != '+';
    } catch (const std::system_error&) {
        broken_ = true;
        end_thread();   // the batch is ours again
    }
}

void GroupCommit::work()
{
    char byte = 0;
    try {
        while (read_some(begin_read_.get(), &byte, 1) == 1 && byte != 'E') {
            byte = '+';
            try {
                turn();
            } catch (const std::exception&) {
                byte = '!';
            }
            write_all(done_write_.get(), {&byte, 1});
        }
    } catch (const std::system_error&) {
        done_write_.reset();   // the loop sees the end of the pipe
    }
}

// The order of the commit: bytes durable, links, names durable, answers; then the trigger. Who
// fails in a flush takes all along: whose bytes were lost is not known.
void GroupCommit::turn()
{
    try {
        flush();
    } catch (const std::system_error& error) {
        for (const auto* batch : {&published_, &written_})
            for (auto* entry : *batch)
                if (!entry->problem)
                    entry->problem =
                        Stop{exit_code::write_error, "unable to flush the queue (#4.3.0)"};
        throw;
    }
    bool queued = false;
    for (auto* entry : published_) {
        entry->incoming.withdraw();
        queued = queued || !entry->incoming.is_held();
    }
    durable_ = std::exchange(published_, {});
    if (queued) pull_trigger();
    publish_written();
}

// Bytes of the one batch, names of the other.
void GroupCommit::flush() const
{
    const bool names_too = !written_.empty() && !fsync_each_;   // syncfs leaves nothing out
    if (!written_.empty()) flush_files();
    if (!published_.empty() && !names_too) flush_names();
}

// Who cannot be published is answered with the next.
void GroupCommit::publish_written()
{
    bool lost = false;   // a close that tells of a lost write is as bad as a flush that does
    for (auto* entry : std::exchange(written_, {})) {
        publish(*entry);
        (entry->published ? published_ : durable_).push_back(entry);
        lost = lost || (entry->problem && entry->problem->exit_code == exit_code::write_error);
    }
    if (lost) throw_error(EIO, "unable to close", "mess");
}

void GroupCommit::flush_files() const
{
    if (!fsync_each_) {
        if (::syncfs(queue_.get()) != 0) throw_errno("unable to flush", "queue");
        return;
    }
    for (const auto* entry : written_) entry->incoming.begin_write_back();
    for (const auto* entry : written_) entry->incoming.sync_all();
}

void GroupCommit::flush_names() const
{
    const auto any = [this](bool held) {
        return std::any_of(published_.begin(), published_.end(),
                           [held](const auto* entry) { return entry->incoming.is_held() == held; });
    };
    if (any(false)) sync(todo_.get(), "todo");
    if (any(true)) sync(quarantine_.get(), "quarantine");
}

void GroupCommit::publish(Entry& entry) const
{
    if (entry.submitter >= 0 && has_left(entry.submitter)) {
        entry.problem = Stop{exit_code::read_error, "the submitter has left (#4.4.2)"};
        return;
    }
    try {
        entry.incoming.publish();
        entry.published = true;
    } catch (...) {
        entry.problem = stop_of(std::current_exception());
    }
}

void prove_disk()
{
    const std::string name = "pid/proof." + std::to_string(::getpid());
    const std::string bytes(1 << 20, 'p');
    Fd file = open_file(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct Removed {
        const std::string& name;
        ~Removed() { ::unlink(name.c_str()); }
    } removed{name};
    write_all(file.get(), bytes, name);
    sync(file.get(), name);
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
    if (::lseek(file.get(), 0, SEEK_SET) != 0 || read_all(file.get(), 2 << 20, name) != bytes)
        throw_error(EIO, "the disk does not keep what is written to", name);
    file.close_checked(name);
}

}
