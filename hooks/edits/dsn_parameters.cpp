#include "hooks/edits/dsn_parameters.hpp"

#include "base/mail/dsn_parameters.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace grapnel::hooks {

namespace {

struct Row {
    std::string_view keyword;
    ParameterPlace place;
    bool (*fits)(std::string_view value);
};

bool is_plain_orcpt(std::string_view value) { return is_orcpt(value); }

constexpr std::array rows{
    Row{"RET", ParameterPlace::sender, is_ret},
    Row{"ENVID", ParameterPlace::sender, is_envid},
    Row{"NOTIFY", ParameterPlace::recipient, is_notify},
    Row{"ORCPT", ParameterPlace::recipient, is_plain_orcpt},
};

const Row* row(std::string_view keyword, ParameterPlace place)
{
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) {
        return candidate.keyword == keyword && candidate.place == place;
    });
    return found == rows.end() ? nullptr : &*found;
}

bool holds(const EsmtpParameters& parameters, const EsmtpParameters::value_type& parameter)
{
    return std::find(parameters.begin(), parameters.end(), parameter) != parameters.end();
}

bool names(const EsmtpParameters& parameters, const std::string& keyword)
{
    return std::any_of(parameters.begin(), parameters.end(),
                       [&](const auto& parameter) { return parameter.first == keyword; });
}

}

Result<> check_parameters(const EsmtpParameters& old, const EsmtpParameters& changed,
                          ParameterPlace place)
{
    for (const auto& parameter : changed) {
        if (holds(old, parameter)) continue;
        const auto* const known = row(parameter.first, place);
        if (!known) return permanent("a parameter that may not be changed");
        if (!known->fits(parameter.second)) return permanent("no value of that parameter");
    }
    for (const auto& parameter : old)
        if (!names(changed, parameter.first) && !row(parameter.first, place))
            return permanent("a parameter that may not be removed");
    return {};
}

}
