#include "queue/queued_pool.hpp"

#include "queue/queued_socket.hpp"

#include <utility>

namespace grapnel::queue {

namespace {
constexpr std::size_t most_idle = 64;   // what one batch can hold
}

std::optional<net::Stream> QueuedPool::take()
{
    while (!idle_.empty()) {
        auto stream = std::move(idle_.back());
        idle_.pop_back();
        if (stream.is_quiet()) return stream;
    }
    auto socket = connect_to_queued(home_);
    if (!socket) return std::nullopt;
    return net::Stream(executor_, std::move(*socket));
}

void QueuedPool::give_back(net::Stream stream)
{
    if (idle_.size() >= most_idle || !stream.buffered().empty()) return;
    idle_.push_back(std::move(stream));
}

}
