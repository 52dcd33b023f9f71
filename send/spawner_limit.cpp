#include "send/spawner_limit.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace grapnel::send {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// It answers such a thing without looking at anything: silence means that it hangs.
constexpr auto patience = 60s;

std::size_t read_before(int descriptor, std::array<char, 4096>& buffer, Clock::time_point deadline)
{
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd waiting{descriptor, POLLIN, 0};
        const int ready = ::poll(&waiting, 1, std::max(0, static_cast<int>(left.count())));
        if (ready == 0) throw_error(ETIMEDOUT, "no answer");
        if (ready > 0) return grapnel::read_some(descriptor, buffer.data(), buffer.size());
        if (errno != EINTR) throw_errno("unable to poll");
    }
}

queue::Report answer_of(int to, int from)
{
    write_all(to, encode(queue::question()));
    queue::ReportReader reader;
    std::array<char, 4096> buffer{};
    for (const auto deadline = Clock::now() + patience;;) {
        const auto count = read_before(from, buffer, deadline);
        if (count == 0) throw_error(EPIPE, "no answer");
        std::string_view bytes(buffer.data(), count);
        if (auto report = reader.take(bytes)) return *report;
    }
}

}

queue::Offer spawner_offer(int to, int from, bool may_be_ours)
{
    char first = 0;
    if (grapnel::read_some(from, &first, 1) != 1) throw_error(EPIPE, "no spawner");
    const auto limit = static_cast<unsigned char>(first);
    if (!may_be_ours) return {limit, false};
    const auto offer = decode_offer(answer_of(to, from));
    return offer.value_or(queue::Offer{limit, false});
}

}
