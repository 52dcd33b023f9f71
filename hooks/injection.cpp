#include "hooks/injection.hpp"

#include <algorithm>

namespace grapnel::hooks {

std::uint64_t injection_limit(const Control& control)
{
    constexpr std::uint64_t usual = 128u << 20, longest = 1u << 30;
    if (control.integer("hooks-on-inject", 0) == 0) return 0;
    const auto set = control.integer("databytes", 0);
    return set == 0 ? usual : std::min(set, longest);
}

}
