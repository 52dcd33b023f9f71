// UTCDate (mta-hooks section 2): RFC 3339 with a capital Z, milliseconds when we write. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

// Unix milliseconds; outside the years 1970 to 9999 the nearest that is inside.
std::string utc_date(std::int64_t milliseconds);

// nullopt: no such form, no such date, or outside those years. Below milliseconds it is cut off.
std::optional<std::int64_t> parse_utc_date(std::string_view text);

}
