#include "send/channel.hpp"

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
    for (unsigned slot = 0; slot < limit; ++slot) free_.push(slot);
}

void Channel::start(Delivery delivery, const std::string& message, const std::string& sender,
                    std::string records)
{
    const auto slot = free_.top();
    free_.pop();
    queue::Job job{queue::number_of_slot(slot), message, sender, delivery.recipient, {}};
    if (with_records_) job.records = std::move(records);
    const auto command = queue::encode(job);
    slots_[slot] = std::move(delivery);
    ++used_;
    outbox_.write(command);
}

std::optional<Delivery> Channel::finish(const queue::Report& report)
{
    const auto slot = queue::slot_of_number(report.number);
    if (report.number == queue::question_number || slot >= slots_.size() || !slots_[slot])
        return std::nullopt;
    --used_;
    free_.push(slot);
    return std::exchange(slots_[slot], std::nullopt);
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
