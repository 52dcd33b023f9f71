// RFC 5322 3.3 dates, as qmail writes them: day without leading zero, English month, numeric zone.
// Pure.
#pragma once

#include <ctime>
#include <string>

namespace grapnel {

std::string date_822(std::time_t when);                       // "22 Nov 2026 10:00:00 -0000"
std::string date_822(std::time_t when, int offset_minutes);   // "… +0130"; 0 gives "+0000"
std::string date_5322(std::time_t when,
                      int offset_minutes = 0);   // "Sun, 22 Nov 2026 10:00:00 +0000"
std::string date_mbox(std::time_t when);         // "Sun Nov 22 10:00:00 2026", UTC

}
