#include "base/net/backroom.hpp"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace grapnel::net {

// Shared by who asked, who may leave, and the thread; its timer lives and dies in the loop.
struct Backroom::Job {
    Job(Executor executor, std::function<void()> what)
        : work(std::move(what)), timer(std::move(executor))
    {
    }
    std::function<void()> work;
    Timer timer;
    std::atomic<bool> unwanted{false};
    std::exception_ptr trouble;
};

struct Backroom::State {
    State(Executor loop, std::size_t most) : executor(std::move(loop)), most_waiting(most) {}

    void do_all();
    // Throws system_error. Signals are for the loop's thread.
    void start_thread()
    {
        sigset_t all, before;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        try {
            thread = std::thread([this] { do_all(); });
        } catch (const std::system_error&) {
            ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
            throw;
        }
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    Executor executor;
    const std::size_t most_waiting;
    std::mutex mutex;
    std::condition_variable something;
    std::deque<std::shared_ptr<Job>> jobs;   // with ending: under the mutex
    bool ending = false;
    std::thread thread;
};

void Backroom::State::do_all()
{
    std::unique_lock lock(mutex);
    for (;;) {
        something.wait(lock, [this] { return ending || !jobs.empty(); });
        if (ending) return;
        auto job = std::move(jobs.front());
        jobs.pop_front();
        lock.unlock();
        try {
            if (!job->unwanted) job->work();
        } catch (...) {
            job->trouble = std::current_exception();
        }
        job->work = nullptr;
        soon(executor, [job = std::move(job)] { job->timer.call(); });
        lock.lock();
    }
}

Backroom::Backroom(Executor executor, std::size_t most_waiting)
    : state_(std::make_unique<State>(std::move(executor), most_waiting))
{
}

Backroom::~Backroom()
{
    {
        const std::lock_guard lock(state_->mutex);
        state_->ending = true;
    }
    state_->something.notify_all();
    if (state_->thread.joinable()) state_->thread.join();
}

namespace {

// Who no longer waits leaves nothing to do.
struct Interest {
    explicit Interest(std::atomic<bool>& flag) : unwanted(flag) {}
    Interest(const Interest&) = delete;
    Interest& operator=(const Interest&) = delete;
    ~Interest() { unwanted = true; }
    std::atomic<bool>& unwanted;
};

}

boost::asio::awaitable<bool> Backroom::run(std::function<void()> work, Moment deadline)
{
    auto job = std::make_shared<Job>(state_->executor, std::move(work));
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->jobs.size() >= state_->most_waiting) co_return false;
        try {
            if (!state_->thread.joinable()) state_->start_thread();
        } catch (const std::system_error&) {
            co_return false;
        }
        state_->jobs.push_back(job);
    }
    state_->something.notify_one();
    const Interest interest(job->unwanted);
    const bool late = co_await job->timer.wait_until(deadline);
    if (late) co_return false;
    if (job->trouble) std::rethrow_exception(job->trouble);
    co_return true;
}

}
