// RFC 5322 3.3 dates, as qmail writes them: day without leading zero, English month, numeric zone;
// and those of RFC 3339, as SMTP parameters have them. Pure.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel {

std::string date_822(std::time_t when);                       // "22 Nov 2026 10:00:00 -0000"
std::string date_822(std::time_t when, int offset_minutes);   // "… +0130"; 0 gives "+0000"
std::string date_5322(std::time_t when,
                      int offset_minutes = 0);   // "Sun, 22 Nov 2026 10:00:00 +0000"
std::string date_mbox(std::time_t when);         // "Sun Nov 22 10:00:00 2026", UTC

std::string date_3339(std::time_t when);   // "2026-11-22T10:00:00Z"
// With "Z" or an offset; a fraction of a second is cut off. nullopt: no such form, no such date, or
// before 1970.
std::optional<std::time_t> parse_date_3339(std::string_view text);
// As header fields have it: day of the week and seconds may be missing, zones have names too, and
// comments stand where blanks may (RFC 5322 3.3, 4.3). nullopt as above.
std::optional<std::time_t> parse_date_5322(std::string_view text);

}
