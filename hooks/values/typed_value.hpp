// Values of a scanner as the types of mta-hooks section 2. Pure.
#pragma once

#include <boost/json/value.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

namespace grapnel::hooks {

inline std::optional<std::string_view> as_text(const boost::json::value& value)
{
    const auto* const text = value.if_string();
    if (!text) return std::nullopt;
    return std::string_view(text->data(), text->size());
}

// Within +-(2^53-1); "5.5e2" is one, too (C6).
inline std::optional<std::int64_t> as_integer(const boost::json::value& value)
{
    constexpr std::int64_t largest = (std::int64_t{1} << 53) - 1;
    if (const auto* const number = value.if_uint64())
        return *number <= std::uint64_t{largest} ? std::optional(static_cast<std::int64_t>(*number))
                                                 : std::nullopt;
    if (const auto* const number = value.if_int64())
        return *number >= -largest && *number <= largest ? std::optional(*number) : std::nullopt;
    const auto* const number = value.if_double();
    if (!number || std::trunc(*number) != *number || std::abs(*number) > double{largest})
        return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

}
