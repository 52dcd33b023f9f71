#include "base/srs_control.hpp"

#include "base/sys/error.hpp"

#include <algorithm>
#include <cerrno>

namespace grapnel {

namespace {
constexpr std::uint64_t longest_hash = 27, most_days = 1000;
}

std::optional<Srs> read_srs(const Control& control)
{
    const auto domain = control.line("srs_domain").value_or("");
    if (domain.empty()) return std::nullopt;
    Srs srs;
    srs.domain = domain;
    srs.secrets = control.list("srs_secrets").value_or(std::vector<std::string>());
    if (srs.secrets.empty()) throw_error(ENOENT, "no secret in", control.path("srs_secrets"));
    const auto number = [&](std::string_view name, std::uint64_t fallback, std::uint64_t most) {
        const auto value = control.integer(name, 0);
        return value == 0 ? fallback : std::min(value, most);
    };
    srs.max_age = static_cast<unsigned>(number("srs_maxage", srs.max_age, most_days));
    srs.hash_length = number("srs_hashlength", srs.hash_length, longest_hash);
    srs.hash_min = std::min(number("srs_hashmin", srs.hash_length, longest_hash), srs.hash_length);
    srs.always = control.integer("srs_alwaysrewrite", 0) != 0;
    const auto separator = control.line("srs_separator").value_or("");
    if (separator == "+" || separator == "-") srs.separator = separator.front();
    return srs;
}

}
