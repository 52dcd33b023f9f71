#include "send/routing.hpp"

#include "base/mail/address.hpp"

namespace grapnel::send {

namespace {

constexpr std::string_view verp_mark = "-@[]";

// user%host@domain means user@host where domain is in percenthack; again and again.
void undo_percent_hack(const NameSet& domains, std::string& address)
{
    auto at = address.rfind('@');
    while (domains.contains(std::string_view(address).substr(at + 1))) {
        const auto percent = std::string_view(address).substr(0, at).rfind('%');
        if (percent == std::string_view::npos) return;
        address.resize(at);
        address[percent] = '@';
        at = percent;
    }
}

// The domain, then each ".suffix" of it, then the key of everything.
const std::string* find_domain(const NameMap& map, std::string_view domain)
{
    for (const auto name : domain_and_suffixes(domain))
        if (const auto* found = map.find(name)) return found;
    return map.find("");
}

}

Route route(const RoutingTables& tables, std::string_view recipient)
{
    std::string address(recipient);
    if (address.find('@') == std::string::npos) address += '@' + tables.no_at_host;
    undo_percent_hack(tables.percent_hack, address);

    const auto domain = split_address(address).domain;
    if (tables.locals.contains(domain)) return {queue::Channel::local, address};
    const auto* prefix = tables.virtual_domains.find(address);
    if (!prefix) prefix = find_domain(tables.virtual_domains, domain);
    if (!prefix || prefix->empty()) return {queue::Channel::remote, address};
    return {queue::Channel::local, *prefix + '-' + address};
}

std::string_view without_virtual_prefix(const RoutingTables& tables, std::string_view address)
{
    const auto parts = split_address(address);
    if (!parts.has_at) return address;
    const auto* prefix = find_domain(tables.virtual_domains, parts.domain);
    if (!prefix || prefix->empty() || !address.starts_with(*prefix)) return address;
    if (address.size() <= prefix->size() || address[prefix->size()] != '-') return address;
    return address.substr(prefix->size() + 1);
}

std::string expand_verp(std::string_view sender, std::string_view recipient)
{
    const auto box = split_address(recipient);
    if (!sender.ends_with(verp_mark) || !box.has_at) return std::string(sender);
    const auto list = split_address(sender.substr(0, sender.size() - verp_mark.size()));
    if (!list.has_at) return std::string(sender);
    std::string expanded(list.local);
    expanded.append(box.local).append("=").append(box.domain);
    return expanded.append("@").append(list.domain);
}

std::string_view without_verp_mark(std::string_view sender)
{
    if (sender.ends_with(verp_mark)) sender.remove_suffix(verp_mark.size());
    return sender;
}

}
