// What time it is. Wall time stamps and ages mail; steady time spaces everything else.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>

namespace grapnel {

class Clock {
public:
    virtual ~Clock() = default;
    virtual std::time_t now() const = 0;                                // unix seconds
    virtual std::chrono::steady_clock::time_point steady() const = 0;   // never jumps
};

class SystemClock final : public Clock {
public:
    std::time_t now() const override;
    std::chrono::steady_clock::time_point steady() const override;
};

std::int64_t unix_milliseconds();   // now

std::string make_uuid7();   // RFC 9562 5.7: 36 characters, lower case; rises with time

}
