#include "base/sys/clock.hpp"

#include "base/hexadecimal.hpp"
#include "base/sys/error.hpp"

#include <sys/random.h>

#include <array>
#include <cstdint>

namespace grapnel {

std::time_t SystemClock::now() const { return ::time(nullptr); }

std::chrono::steady_clock::time_point SystemClock::steady() const
{
    return std::chrono::steady_clock::now();
}

std::int64_t unix_milliseconds()
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string make_uuid7()
{
    std::array<std::uint8_t, 16> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        throw_errno("unable to get random bytes");
    const auto milliseconds = static_cast<std::uint64_t>(unix_milliseconds());
    for (unsigned i = 0; i < 6; ++i)
        bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40 - 8 * i));
    bytes[6] = static_cast<std::uint8_t>(0x70 | (bytes[6] & 0x0f));
    bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
    std::string text =
        hexadecimal(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    for (const std::size_t place : {20u, 16u, 12u, 8u}) text.insert(place, 1, '-');
    return text;
}

}
