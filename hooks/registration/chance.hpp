// A little chance, so that many do not do the same at the same moment.
#pragma once

#include <random>

namespace grapnel::hooks {

inline double chance()   // 0 to 1
{
    static std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

}
