#include "hooks/dsn_parameters.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace grapnel::hooks {

namespace {

bool is_upper_hex(char c) { return is_digit(c) || (c >= 'A' && c <= 'F'); }

// RFC 3461 4.
bool is_xtext(std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] < 33 || text[i] > 126 || text[i] == '=') return false;
        if (text[i] != '+') continue;
        if (i + 2 >= text.size() || !is_upper_hex(text[i + 1]) || !is_upper_hex(text[i + 2]))
            return false;
        i += 2;
    }
    return true;
}

bool is_ret(std::string_view value)
{
    return equal_ignoring_case(value, "FULL") || equal_ignoring_case(value, "HDRS");
}

bool is_envid(std::string_view value)
{
    return !value.empty() && value.size() <= 100 && is_xtext(value);
}

bool is_notify(std::string_view value)
{
    if (equal_ignoring_case(value, "NEVER")) return true;
    constexpr std::array<std::string_view, 3> events{"SUCCESS", "FAILURE", "DELAY"};
    const auto words = split(value, ',');
    return words.size() <= events.size() &&
           std::all_of(words.begin(), words.end(), [&](std::string_view word) {
               return std::any_of(events.begin(), events.end(), [word](std::string_view event) {
                   return equal_ignoring_case(word, event);
               });
           });
}

bool is_orcpt(std::string_view value)
{
    const auto semicolon = value.find(';');
    if (semicolon == 0 || semicolon == std::string_view::npos || value.size() > 500) return false;
    const auto type = value.substr(0, semicolon), address = value.substr(semicolon + 1);
    return !address.empty() && is_xtext(address) &&
           std::all_of(type.begin(), type.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

struct Row {
    std::string_view keyword;
    ParameterPlace place;
    bool (*fits)(std::string_view value);
};

constexpr std::array rows{
    Row{"RET", ParameterPlace::sender, is_ret},
    Row{"ENVID", ParameterPlace::sender, is_envid},
    Row{"NOTIFY", ParameterPlace::recipient, is_notify},
    Row{"ORCPT", ParameterPlace::recipient, is_orcpt},
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
