// The addresses of this host.
#pragma once

#include "base/net/ip_address.hpp"

#include <vector>

namespace grapnel::net {

// Every address of every interface that is up. Throws system_error.
std::vector<IpAddress> interface_addresses();

}
