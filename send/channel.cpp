#include "send/channel.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace grapnel::send {

Channel::Channel(net::Executor executor, queue::Channel kind, Fd to, Fd from, unsigned limit,
                 std::function<void()> changed)
    : kind_(kind),
      outbox_(executor, std::move(to), std::move(changed)),
      from_(executor, std::move(from)),
      slots_(limit)
{
}

void Channel::start(Delivery delivery, const std::string& message, const std::string& sender)
{
    const auto slot = std::find(slots_.begin(), slots_.end(), std::nullopt);
    const auto number = static_cast<unsigned>(slot - slots_.begin());
    const auto command = queue::encode(queue::Job{number, message, sender, delivery.recipient});
    *slot = std::move(delivery);
    ++used_;
    outbox_.write(command);
}

std::optional<Delivery> Channel::finish(const queue::Report& report)
{
    if (report.number >= slots_.size() || !slots_[report.number]) return std::nullopt;
    --used_;
    return std::exchange(slots_[report.number], std::nullopt);
}

boost::asio::awaitable<void> Channel::reports(std::function<void(const queue::Report&)> take)
{
    std::array<char, 4096> buffer;
    for (;;) {
        const std::size_t count = co_await from_.read_some(buffer.data(), buffer.size());
        if (count == 0) co_return;
        std::string_view bytes(buffer.data(), count);
        while (const auto report = reader_.take(bytes)) take(*report);
    }
}

}
