#include "smtpd/parameters.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <limits>

namespace grapnel::smtpd {

namespace {

struct Row {
    std::string_view keyword;
    ParameterPlace place;
    Extension extension;
    bool (*take)(std::string_view value, Parameters& parameters);
};

bool take_size(std::string_view value, Parameters& parameters)
{
    if (value.empty() || value.size() > 20 || !std::all_of(value.begin(), value.end(), is_digit))
        return false;
    parameters.size = parse_number(value).value_or(std::numeric_limits<std::uint64_t>::max());
    return true;
}

bool take_body(std::string_view value, Parameters& parameters)
{
    if (!equal_ignoring_case(value, "7BIT") && !equal_ignoring_case(value, "8BITMIME"))
        return false;
    parameters.body = std::string(value);
    return true;
}

constexpr std::array rows{
    Row{"SIZE", ParameterPlace::mail, Extension::size, take_size},
    Row{"BODY", ParameterPlace::mail, Extension::eight_bit_mime, take_body},
};

}

Fault parse_parameters(std::string_view text, ParameterPlace place, const Extensions& offered,
                       bool ignore_unknown, Parameters& parameters)
{
    std::bitset<rows.size()> seen;
    std::size_t count = 0;
    for (const auto word : split(text, ' ')) {
        if (word.empty()) continue;
        if (++count > most_parameters) return Fault::too_long;
        const auto equals = word.find('=');
        const auto keyword = word.substr(0, equals);
        const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) {
            return candidate.place == place && offered.has(candidate.extension) &&
                   equal_ignoring_case(candidate.keyword, keyword);
        });
        if (row == rows.end()) {
            if (ignore_unknown) continue;
            return Fault::parameter;
        }
        const auto index = static_cast<std::size_t>(row - rows.begin());
        if (seen[index]) return Fault::twice;
        seen.set(index);
        const auto value =
            equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
        if (!row->take(value, parameters)) return Fault::value;
    }
    return Fault::none;
}

namespace {

bool is_keyword(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && text.front() != '-' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool is_value(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c > 32 && c < 127 && c != '='; });
}

}

std::vector<std::pair<std::string, std::string>> parameters_as_given(std::string_view text)
{
    std::vector<std::pair<std::string, std::string>> result;
    for (const auto word : split(text, ' ')) {
        const auto equals = word.find('=');
        const auto keyword = word.substr(0, equals);
        const auto value =
            equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
        if (!is_keyword(keyword) || !is_value(value)) continue;
        if (result.size() == most_parameters) break;
        auto& [name, given] = result.emplace_back(keyword, value);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    }
    return result;
}

}
