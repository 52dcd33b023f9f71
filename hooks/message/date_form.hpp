// Dates: RFC 5322's, with its obsolete forms, and RFC 3339's with any offset, both ways between
// them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

struct DateTime {
    std::int64_t seconds = 0;   // unix time
    int offset = 0;             // minutes east of Greenwich
    bool operator==(const DateTime&) const = default;
};

std::optional<DateTime> parse_mail_date(std::string_view value);
std::string mail_date(const DateTime& date);

// Years 1970 to 9999; parts of a second are dropped.
std::optional<DateTime> parse_json_date(std::string_view text);
std::string json_date(const DateTime& date);

}
