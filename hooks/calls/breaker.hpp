// Stops asking a scanner that keeps failing (C70): after so many failures in a row every call fails
// at once, until one probe has come through. Pure: the time is given.
#pragma once

#include <chrono>
#include <cstdint>

namespace grapnel::hooks {

class Breaker {
public:
    using Moment = std::chrono::steady_clock::time_point;
    enum class State : std::uint8_t { closed, open, probing };

    Breaker(unsigned failures, std::chrono::seconds open) : limit_(failures), first_(open) {}

    enum class Admission : std::uint8_t { no, yes, probe };
    Admission admit(Moment now);

    // How an admitted call ended. unknown: neither good nor bad (429, the caller has left).
    void good();
    void bad(Moment now);
    void unknown(Admission admission);
    // The last good one was not good after all.
    void blame(Moment now);

    State state() const { return state_; }
    Moment until() const { return until_; }   // of open

private:
    void open(Moment now);

    unsigned limit_;
    std::chrono::seconds first_;
    State state_ = State::closed;
    unsigned failures_ = 0, before_good_ = 0;   // in a row; the same before the last good one
    unsigned openings_ = 0;                     // in a row
    Moment until_ = {};
};

}
