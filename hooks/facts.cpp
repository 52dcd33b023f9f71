#include "hooks/facts.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel::hooks {

namespace {
constexpr std::array<std::string_view, 5> status_names{"pending", "delivered", "deferred", "failed",
                                                       "failed-silent"};
}

std::string_view name(DeliveryStatus status)
{
    return status_names[static_cast<std::size_t>(status)];
}

std::optional<DeliveryStatus> delivery_status_named(std::string_view name)
{
    for (std::size_t n = 0; n < status_names.size(); ++n)
        if (status_names[n] == name) return static_cast<DeliveryStatus>(n);
    return std::nullopt;
}

bool is_binary(const Facts& facts)
{
    if (!facts.envelope || facts.stage == Stage::dsn) return false;   // a notice is none
    const auto& given = facts.envelope->from.parameters;
    return std::any_of(given.begin(), given.end(), [](const auto& parameter) {
        return parameter.first == "BODY" && equal_ignoring_case(parameter.second, "BINARYMIME");
    });
}

}
