#include "hooks/chain/metrics.hpp"

#include <algorithm>
#include <numeric>

namespace grapnel::hooks {

namespace {

constexpr std::array<std::string_view, call_ending_count> names{
    "answered", "nochange", "failure", "breaker", "malformed", "downgrade", "oversize"};

}

std::string_view name(CallEnding ending) { return names[static_cast<std::size_t>(ending)]; }

std::uint64_t StageMetrics::calls() const
{
    return std::accumulate(endings.begin(), endings.end(), std::uint64_t{0});
}

void StageMetrics::add(CallEnding ending, std::chrono::milliseconds took)
{
    ++endings[static_cast<std::size_t>(ending)];
    total += took;
    longest = std::max(longest, took);
    std::size_t bucket = 0;
    for (std::chrono::milliseconds bound{1}; took > bound && bucket + 1 < latency.size();
         bound *= 4)
        ++bucket;
    ++latency[bucket];
}

bool Metrics::first_odd_answer(const std::string& scanner, const std::string& registration)
{
    auto& last = odd_[scanner];
    if (last == registration) return false;
    last = registration;
    return true;
}

}
