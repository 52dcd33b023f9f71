#include "remote/connections.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace asio = boost::asio;

namespace grapnel::remote {

namespace {

using namespace std::chrono_literals;

constexpr auto idle_limit = 2s;       // servers have others to serve
constexpr auto stream_of_mail = 2s;   // messages to one host as close as that are one
constexpr unsigned most_messages = 100;
constexpr std::size_t most_idle = 50, most_hosts = 10000;

void end(net::Stream& stream)
{
    constexpr std::string_view quit = "QUIT\r\n";
    [[maybe_unused]] const auto ignored =
        ::send(stream.descriptor(), quit.data(), quit.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}

Connections::~Connections()
{
    for (auto& [name, host] : hosts_)
        for (auto& idle : host.idle) end(idle.kept.stream);
}

std::optional<Connections::Kept> Connections::take(const std::string& name)
{
    const auto now = Clock::now();
    auto& host = hosts_[name];
    host.before = std::exchange(host.last, now);
    if (next_sweep_ == Clock::time_point::max()) {
        next_sweep_ = now + idle_limit;
        timer_.call();
    }
    while (!host.idle.empty()) {
        Kept kept = std::move(host.idle.back().kept);
        host.idle.pop_back();
        --count_;
        if (kept.stream.is_quiet()) return kept;   // a server that hangs up says why
    }
    return std::nullopt;
}

bool Connections::keep(const std::string& name, Kept& kept)
{
    const auto now = Clock::now();
    auto& host = hosts_[name];
    if (now - host.before > stream_of_mail || count_ >= most_idle || hosts_.size() > most_hosts)
        return false;
    if (kept.session.messages >= most_messages || !kept.stream.is_quiet()) return false;
    host.idle.push_back({std::move(kept), now + idle_limit});
    ++count_;
    return true;
}

asio::awaitable<void> Connections::run()
{
    for (;;) {
        const auto moment = next_sweep_;
        if (moment == Clock::time_point::max())
            co_await timer_.wait();
        else
            co_await timer_.wait_until(moment);
        if (Clock::now() >= next_sweep_) sweep();
    }
}

void Connections::sweep()
{
    const auto now = Clock::now();
    for (auto at = hosts_.begin(); at != hosts_.end();) {
        auto& idle = at->second.idle;
        const auto young = std::find_if(idle.begin(), idle.end(),
                                        [&](const Idle& one) { return one.limit > now; });
        for (auto old = idle.begin(); old != young; ++old) end(old->kept.stream);
        count_ -= static_cast<std::size_t>(young - idle.begin());
        idle.erase(idle.begin(), young);
        const bool forgotten = idle.empty() && now - at->second.last > stream_of_mail;
        at = forgotten ? hosts_.erase(at) : std::next(at);
    }
    constexpr auto interval = 500ms;
    next_sweep_ = hosts_.empty() ? Clock::time_point::max() : now + interval;
}

}
