// Clients named in a control file by address, prefix ("192.0.2.0/24") or, where that means
// something, the name they log in with. Pure.
#pragma once

#include "base/net/ip_address.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::smtpd {

class ClientList {
public:
    ClientList() = default;
    explicit ClientList(const std::vector<std::string>& entries);

    bool contains(const std::optional<net::IpAddress>& address) const;
    const auto& users() const { return users_; }   // what is no address
    bool contains_user(std::string_view user) const { return users_.find(user) != users_.end(); }

private:
    std::vector<net::IpPrefix> prefixes_;
    std::set<std::string, std::less<>> users_;
};

}
