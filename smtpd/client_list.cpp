#include "smtpd/client_list.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel::smtpd {

ClientList::ClientList(const std::vector<std::string>& entries)
{
    for (const auto& entry : entries) {
        const auto text = trim(entry);
        if (const auto prefix = net::IpPrefix::parse(text))
            prefixes_.push_back(*prefix);
        else
            users_.emplace(text);
    }
}

bool ClientList::contains(const std::optional<net::IpAddress>& address) const
{
    return address && std::any_of(prefixes_.begin(), prefixes_.end(),
                                  [&](const auto& prefix) { return prefix.contains(*address); });
}

}
