#include "hooks/may_add.hpp"

#include <algorithm>
#include <array>

namespace grapnel::hooks {

namespace {
constexpr std::array<std::string_view, 3> names{"yes", "foreign", "no"};
}

std::string_view name(MayAdd answer) { return names[static_cast<std::size_t>(answer)]; }

std::optional<MayAdd> may_add_named(std::string_view name)
{
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<MayAdd>(found - names.begin());
}

}
