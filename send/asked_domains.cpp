#include "send/asked_domains.hpp"

#include "base/mail/idna.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace grapnel::send {

namespace {
constexpr Due again_after = 10'000, counts_for = 300'000;
constexpr std::size_t most_names = 1000;
}

std::string domain_of(std::string_view address)
{
    const auto at = address.rfind('@');
    if (at == std::string_view::npos) return {};
    const auto domain = address.substr(at + 1);
    return lower(ascii_domain(domain).value_or(std::string(domain)));
}

bool AskedDomains::ask(const queue::HastenRequest& request, Due now)
{
    const auto name = request.name();
    const auto known = names_.find(name);
    if (known != names_.end() && now - known->second.at < again_after) return false;
    if (known == names_.end()) make_room(now);
    names_.insert_or_assign(name, Asked{request, now});
    return true;
}

void AskedDomains::make_room(Due now)
{
    if (names_.size() < most_names) return;
    std::erase_if(names_, [now](const auto& one) { return now - one.second.at >= counts_for; });
    if (names_.size() < most_names) return;
    names_.erase(std::min_element(names_.begin(), names_.end(), [](const auto& a, const auto& b) {
        return a.second.at < b.second.at;
    }));
}

bool AskedDomains::is_expected(std::string_view address, Due now) const
{
    if (names_.empty()) return false;
    const auto domain = domain_of(address);
    return std::any_of(names_.begin(), names_.end(), [&](const auto& one) {
        const auto& asked = one.second;
        return asked.is_up && now - asked.at < counts_for && covers(asked.request, domain);
    });
}

void AskedDomains::unreachable(std::string_view address)
{
    if (names_.empty()) return;
    const auto domain = domain_of(address);
    for (auto& [name, asked] : names_)
        if (covers(asked.request, domain)) asked.is_up = false;
}

}
