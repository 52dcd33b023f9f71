#include "queue/hasten_wire.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel::queue {

namespace {

constexpr std::string_view hasten = "hasten ", done = "done ", begun = "begun ", later = "later";

std::optional<HastenAnswer> counted(HastenAnswer::State state, std::string_view digits)
{
    const auto number = parse_number<std::uint64_t>(digits);
    if (!number) return std::nullopt;
    return HastenAnswer{state, *number};
}

}

std::string encode(const HastenRequest& request)
{
    return std::string(hasten) + request.name() + '\n';
}

std::optional<HastenRequest> decode_hasten_request(std::string_view line)
{
    if (!line.starts_with(hasten)) return std::nullopt;
    line.remove_prefix(hasten.size());
    const bool subdomains = line.starts_with('@');
    if (subdomains) line.remove_prefix(1);
    const bool is_name =
        std::all_of(line.begin(), line.end(), [](char c) { return c > 32 && c < 127 && c != '@'; });
    if (line.empty() || line.size() > longest_hastened_domain || !is_name) return std::nullopt;
    return HastenRequest{lower(line), subdomains};
}

bool covers(const HastenRequest& request, std::string_view domain)
{
    const auto& wanted = request.domain;
    if (!domain.ends_with(wanted)) return false;
    const auto before = domain.size() - wanted.size();
    return before == 0 || (request.subdomains && before > 1 && domain[before - 1] == '.');
}

std::string encode(const HastenAnswer& answer)
{
    if (answer.state == HastenAnswer::State::later) return std::string(later) + '\n';
    const auto word = answer.state == HastenAnswer::State::done ? done : begun;
    return std::string(word) + std::to_string(answer.messages) + '\n';
}

std::optional<HastenAnswer> decode_hasten_answer(std::string_view line)
{
    if (line == later) return HastenAnswer{};
    if (line.starts_with(done)) return counted(HastenAnswer::State::done, line.substr(done.size()));
    if (line.starts_with(begun))
        return counted(HastenAnswer::State::begun, line.substr(begun.size()));
    return std::nullopt;
}

}
