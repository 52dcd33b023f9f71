#include "base/net/task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace grapnel::net {

namespace asio = boost::asio;

struct Task::State {
    asio::cancellation_signal signal;
    bool ended = false;
};

Task::Task(Executor executor, asio::awaitable<void> work,
           std::function<void(std::exception_ptr)> ended)
    : state_(std::make_shared<State>())
{
    auto told = [state = state_, ended = std::move(ended)](std::exception_ptr trouble) {
        state->ended = true;
        ended(std::move(trouble));
    };
    asio::co_spawn(std::move(executor), std::move(work),
                   asio::bind_cancellation_slot(state_->signal.slot(), std::move(told)));
}

Task::Task(Task&&) noexcept = default;
Task::~Task() = default;

void Task::cancel()
{
    if (!state_->ended) state_->signal.emit(asio::cancellation_type::terminal);
}

}
