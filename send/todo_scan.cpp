#include "send/todo_scan.hpp"

#include "base/net/descriptor.hpp"
#include "base/sys/file.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace asio = boost::asio;
using std::chrono::seconds;

namespace {
constexpr std::size_t batch = 64;   // messages that are flushed together
constexpr seconds scan_interval{1500}, after_trouble{123}, after_unreadable{10};
}

TodoScan::TodoScan(net::Executor executor, Intake& intake, Log& log, std::function<void()> changed)
    : intake_(intake),
      log_(log),
      changed_(std::move(changed)),
      timer_(executor),
      reopened_(executor)
{
}

asio::awaitable<void> TodoScan::run()
{
    std::exception_ptr trouble;
    try {
        co_await scan();
    } catch (...) {
        trouble = std::current_exception();
    }
    at_rest_ = true;   // however it ended: nobody shall wait for it
    changed_();
    if (trouble) std::rethrow_exception(trouble);
}

asio::awaitable<void> TodoScan::scan()
{
    while (!ending_) {
        const auto numbers = look();
        for (std::size_t i = 0; i < numbers.size() && !ending_; i += batch) {
            const auto first = numbers.begin() + static_cast<std::ptrdiff_t>(i);
            const auto count = std::min(batch, numbers.size() - i);
            intake_.take({first, first + static_cast<std::ptrdiff_t>(count)});
            changed_();
            co_await net::sleep_for(seconds(0));
        }
        if (!ending_) co_await wait();
    }
}

asio::awaitable<void> TodoScan::wait()
{
    const auto pause = !listed_                       ? after_unreadable
                       : intake_.wants_another_look() ? after_trouble
                                                      : scan_interval;
    const auto moment = std::chrono::steady_clock::now() + pause;
    at_rest_ = true;
    changed_();
    for (bool came = false; !came && !pulled_ && !ending_;)
        came = co_await timer_.wait_until(moment);
    at_rest_ = false;
    // Reopened before the scan: what is written from now on wakes us again (contract 5.4).
    if (!std::exchange(pulled_, false)) co_return;
    trigger_.reopen();
    reopened_.call();
}

asio::awaitable<void> TodoScan::watch_trigger()
{
    for (;;) {
        co_await net::readable(trigger_.descriptor());
        pulled_ = true;
        timer_.call();
        co_await reopened_.wait();
    }
}

void TodoScan::end()
{
    ending_ = true;
    timer_.call();
}

std::vector<queue::MessageNumber> TodoScan::look()
{
    std::vector<queue::MessageNumber> numbers;
    listed_ = false;
    try {
        for (const auto& name : list_directory("todo"))
            if (const auto n = queue::message_number(name); n && !intake_.contains(*n))
                numbers.push_back(*n);
        listed_ = true;
    } catch (const std::system_error&) {
        log_.alert("unable to opendir todo, sleeping...");
    }
    return numbers;
}

}
