#include "base/mail/owners.hpp"

#include "base/mail/address.hpp"
#include "base/mail/date.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel {

namespace {

constexpr std::string_view not_known = "unknown";

// RFC 2142 3, 4, 5.
constexpr std::array<std::string_view, 15> roles{
    "info", "marketing", "sales",  "support", "abuse",      "noc", "security", "postmaster",
    "www",  "webmaster", "usenet", "news",    "hostmaster", "ftp", "uucp"};

Owner judge(std::string_view written, std::time_t since, Owner if_later)
{
    const auto date = parse_owner_date(trim(written));
    if (!date) return Owner::unknown;
    return *date <= since ? Owner::same : if_later;
}

}

OwnerWords words_of(Owner owner)
{
    switch (owner) {
    case Owner::another:
        return {"5.7.17", "that mailbox has changed its owner since"};
    case Owner::another_domain:
        return {"5.7.18", "that domain has changed its owner since"};
    case Owner::unknown:
    case Owner::same:
        break;
    }
    return {"5.7.19", "since when that mailbox has its owner is not known"};
}

std::optional<std::time_t> parse_owner_date(std::string_view text)
{
    constexpr std::size_t day = 10;   // "2024-05-01"
    std::string time(text);
    if (text.size() == day) time += "T00:00:00Z";
    return parse_date_3339(time);
}

bool is_role_account(std::string_view address)
{
    const auto name = lower(split_address(address).local);
    return std::find(roles.begin(), roles.end(), name) != roles.end();
}

const std::string* Owners::find_mailbox(std::string_view address) const
{
    if (const auto* whole = dates_.find(address)) return whole;
    const auto at = address.rfind('@');
    if (at == std::string_view::npos) return nullptr;
    const std::string domain(address.substr(at));
    for (auto end = at; end > 0;) {
        end = address.substr(0, end).rfind(break_);
        if (end == std::string_view::npos) break;
        if (end == 0) break;
        if (const auto* user = dates_.find(std::string(address.substr(0, end)) + domain))
            return user;
    }
    return nullptr;
}

Owner Owners::of(std::string_view address, std::time_t since) const
{
    if (dates_.empty() || is_role_account(address)) return Owner::same;
    const auto at = address.rfind('@');
    if (at != std::string_view::npos)
        if (const auto* domain = dates_.find(address.substr(at)))
            if (const auto owner = judge(*domain, since, Owner::another_domain);
                owner != Owner::same)
                return owner;
    const auto* mailbox = find_mailbox(address);
    return mailbox ? judge(*mailbox, since, Owner::another) : Owner::same;
}

std::string owner_line_fault(std::string_view line)
{
    const auto colon = line.find(':');
    const auto address = line.substr(0, colon);
    if (address.find('@') == std::string_view::npos || address.ends_with('@'))
        return " is neither ADDRESS:DATE nor @DOMAIN:DATE.";
    const auto date =
        colon == std::string_view::npos ? std::string_view() : trim(line.substr(colon + 1));
    if (date == not_known || parse_owner_date(date)) return {};
    return " has no date as 2024-05-01, which counts as unknown.";
}

}
