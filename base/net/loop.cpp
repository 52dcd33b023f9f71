#include "base/net/loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace grapnel::net {

struct Loop::State {
    boost::asio::io_context context{1};
};

Loop::Loop() : state_(std::make_unique<State>()) {}

Loop::~Loop() = default;

Executor Loop::executor() { return state_->context.get_executor(); }

void Loop::run() { state_->context.run(); }

void Loop::stop() { state_->context.stop(); }

void start(Executor executor, boost::asio::awaitable<void> work,
           std::function<void(std::exception_ptr)> ended)
{
    boost::asio::co_spawn(std::move(executor), std::move(work), std::move(ended));
}

}
