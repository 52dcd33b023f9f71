#include "send/outbox.hpp"

namespace grapnel::send {

Outbox::Outbox(net::Executor executor, Fd descriptor, std::function<void()> sent)
    : descriptor_(executor, std::move(descriptor)), timer_(executor), sent_(std::move(sent))
{
}

void Outbox::write(std::string_view bytes)
{
    if (waiting_.empty()) bytes.remove_prefix(descriptor_.try_write(bytes));
    if (bytes.empty()) return;
    waiting_ += bytes;
    timer_.call();
}

boost::asio::awaitable<void> Outbox::run()
{
    for (;;) {
        co_await timer_.wait();
        while (!waiting_.empty()) {
            const std::string piece = waiting_;
            co_await descriptor_.write_all(piece);
            waiting_.erase(0, piece.size());
        }
        sent_();
    }
}

}
