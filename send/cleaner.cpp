#include "send/cleaner.hpp"

#include <array>
#include <utility>

namespace grapnel::send {

Cleaner::Cleaner(net::Executor executor, Fd to, Fd from)
    : outbox_(executor, std::move(to), [] {}), from_(executor, std::move(from))
{
}

void Cleaner::ask(const std::string& request, std::function<void(char)> answered)
{
    if (!alive_) return;
    waiting_.push_back(std::move(answered));
    try {
        outbox_.write(request + '\0');
    } catch (const std::system_error&) {
        from_.cancel();   // answers() ends, and whoever runs it hears of it
    }
}

boost::asio::awaitable<void> Cleaner::answers()
{
    std::array<char, 64> buffer;
    for (;;) {
        const std::size_t count = co_await from_.read_some(buffer.data(), buffer.size());
        if (count == 0) co_return;
        for (std::size_t i = 0; i < count && !waiting_.empty(); ++i) {
            const auto answered = std::move(waiting_.front());
            waiting_.pop_front();
            answered(buffer[i]);
        }
    }
}

void Cleaner::lost()
{
    alive_ = false;
    waiting_.clear();
}

}
