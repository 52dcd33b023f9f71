// What became of calls, counted for each scanner and stage since the start (mta-hooks section 18).
// Knows no format.
#pragma once

#include "hooks/stage.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace grapnel::hooks {

enum class CallEnding : std::uint8_t {
    answered,   // with changes
    no_change,
    failure,
    breaker,
    malformed,
    downgrade,
    oversize
};
inline constexpr std::size_t call_ending_count = 7;
std::string_view name(CallEnding ending);

struct StageMetrics {
    std::array<std::uint64_t, call_ending_count> endings = {};
    std::uint64_t edits_done = 0, edits_failed = 0;
    std::chrono::milliseconds total{0}, longest{0};
    std::array<std::uint64_t, 8> latency = {};   // up to 1, 4, 16 … 4096 ms, and over it

    std::uint64_t calls() const;
    std::uint64_t count(CallEnding ending) const
    {
        return endings[static_cast<std::size_t>(ending)];
    }
    void add(CallEnding ending, std::chrono::milliseconds took);
};

using ScannerMetrics = std::array<StageMetrics, stage_count>;

class Metrics {
public:
    StageMetrics& of(const std::string& scanner, Stage stage)
    {
        return all_[scanner][static_cast<std::size_t>(stage)];
    }
    const std::map<std::string, ScannerMetrics>& all() const { return all_; }

    // Whether this is the first answer of that registration with members that we do not know.
    bool first_odd_answer(const std::string& scanner, const std::string& registration);

private:
    std::map<std::string, ScannerMetrics> all_;
    std::map<std::string, std::string> odd_;   // scanner → its last registration that was
};

}
