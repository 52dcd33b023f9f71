// The local time zone.
#pragma once

#include <ctime>

namespace grapnel::smtpd {

// East of Greenwich, at that time.
inline int zone_minutes(std::time_t when)
{
    std::tm here{};
    ::localtime_r(&when, &here);
    return static_cast<int>(here.tm_gmtoff / 60);
}

}
