#include "hooks/calls/breaker.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::hooks {

Breaker::Admission Breaker::admit(Moment now)
{
    if (state_ == State::closed) return Admission::yes;
    if (state_ == State::probing || now < until_) return Admission::no;
    state_ = State::probing;
    return Admission::probe;
}

void Breaker::good()
{
    before_good_ = std::exchange(failures_, 0);
    if (before_good_ == 0) openings_ = 0;   // it may still be blamed for the last one
    state_ = State::closed;
}

void Breaker::bad(Moment now)
{
    if (state_ == State::open) return;   // began before
    failures_ = std::min(failures_ + 1, limit_);
    before_good_ = 0;
    if (state_ == State::probing || failures_ == limit_) open(now);
}

void Breaker::unknown(Admission admission)
{
    if (admission == Admission::probe && state_ == State::probing) state_ = State::open;
}

void Breaker::blame(Moment now)
{
    failures_ = std::max(failures_, std::exchange(before_good_, 0));
    bad(now);
}

void Breaker::open(Moment now)
{
    constexpr std::chrono::seconds longest{300};
    state_ = State::open;
    until_ = now + std::min(longest, first_ * (1U << std::min(openings_, 8U)));
    openings_ = std::min(openings_ + 1, 8U);
    failures_ = limit_;
}

}
