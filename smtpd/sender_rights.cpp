#include "smtpd/sender_rights.hpp"

#include "base/text.hpp"
#include "smtpd/damaged_table.hpp"

#include <algorithm>
#include <system_error>

namespace grapnel::smtpd {

std::string own_address(std::string_view user, std::string_view me)
{
    std::string address(user);
    if (user.find('@') == std::string_view::npos) address += '@' + std::string(me);
    return address;
}

std::optional<SenderRights> SenderRights::open(const std::string& path, std::string me)
{
    auto table = CdbReader::open(path);
    if (!table) return std::nullopt;
    return SenderRights(std::move(*table), std::move(me));
}

bool SenderRights::lists(std::string_view key, std::string_view address) const
{
    const auto found = table_.find(key);
    if (!found) return false;
    const auto at = std::min(address.rfind('@'), address.size());
    const auto entries = split(*found, '\n');
    return std::any_of(entries.begin(), entries.end(), [&](std::string_view entry) {
        return !entry.empty() && (entry == "*" || entry == address || entry == address.substr(at));
    });
}

bool SenderRights::allows(std::string_view user, std::string_view address) const
{
    if (address.empty()) return true;
    const auto wanted = lower(address);
    if (wanted == lower(own_address(user, me_))) return true;
    try {
        return lists(user, wanted) || lists("*", wanted);
    } catch (const std::system_error&) {
        throw DamagedTable("sendas.cdb is damaged");
    }
}

}
