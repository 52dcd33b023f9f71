// Lines of control/smtproutes and record data from the DNS: a relay that can be connected to, or a
// refusal.
#include "base/net/dns.hpp"
#include "base/text.hpp"
#include "remote/route.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    std::vector<std::string> lines;
    for (const auto line : split(bytes, '\n')) lines.emplace_back(line);
    const NameMap routes(lines);
    for (const auto* domain : {"b.example", "a.b.example", ""})
        if (const auto relay = remote::relay_for(routes, domain); relay && *relay)
            if ((*relay)->host.empty() || (*relay)->port == 0) std::abort();

    if (const auto record = net::decode_mx(bytes))
        if (record->host.size() > 255 || record->host.find('\0') != std::string::npos) std::abort();
    for (const auto& server : net::resolv_conf_servers(bytes))
        if (server.empty()) std::abort();
    return 0;
}
