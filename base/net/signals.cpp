#include "base/net/signals.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace grapnel::net {

struct Signals::State {
    explicit State(Executor executor) : set(std::move(executor)) {}
    boost::asio::signal_set set;
};

Signals::Signals(Executor executor, std::initializer_list<int> numbers)
    : state_(std::make_unique<State>(std::move(executor)))
{
    for (const int number : numbers) state_->set.add(number);
}

Signals::~Signals() = default;
Signals::Signals(Signals&&) noexcept = default;

boost::asio::awaitable<int> Signals::next()
{
    const int number = co_await state_->set.async_wait(boost::asio::use_awaitable);
    co_return number;
}

void Signals::cancel() { state_->set.cancel(); }

}
