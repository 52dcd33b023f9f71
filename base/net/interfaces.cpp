#include "base/net/interfaces.hpp"

#include "base/sys/error.hpp"

#include <memory>

#include <ifaddrs.h>
#include <net/if.h>

namespace grapnel::net {

std::vector<IpAddress> interface_addresses()
{
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) throw_errno("unable to list the addresses of this host");
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(first, ::freeifaddrs);
    std::vector<IpAddress> addresses;
    for (const auto* entry = first; entry; entry = entry->ifa_next) {
        if (!entry->ifa_addr || (entry->ifa_flags & IFF_UP) == 0) continue;
        if (const auto found = from_socket_address(entry->ifa_addr))
            addresses.push_back(found->address);
    }
    return addresses;
}

}
