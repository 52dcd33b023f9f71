// How long a client who sends a message may still keep us waiting: five minutes, which he uses up
// by silence and earns back by sending, 100 bytes for a second, but never more than five. What he
// sent an hour ago does not buy him an hour now.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace grapnel::smtpd {

class Patience {
public:
    using Duration = std::chrono::steady_clock::duration;

    Duration left() const { return std::max(left_, Duration::zero()); }
    void waited(Duration time) { left_ -= time; }
    void received(std::size_t bytes)
    {
        const auto earned =
            std::chrono::milliseconds(std::min(bytes, most_counted) * 1000 / least_rate);
        left_ = std::min<Duration>(left_ + earned, most);
    }

private:
    static constexpr std::chrono::minutes most{5};
    static constexpr std::size_t least_rate = 100, most_counted = 1u << 20;

    Duration left_ = most;
};

}
