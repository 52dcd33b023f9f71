// The line between qmail-smtpd and qmail-send, ETRN's argument, and control/etrnhosts: what is
// understood is said again, and what a client may name always fits into the line.
#include "fuzz/require.hpp"
#include "queue/hasten_wire.hpp"
#include "smtpd/etrn_hosts.hpp"

#include "base/text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace grapnel;
using namespace grapnel::queue;

namespace {

void goes_through(const HastenRequest& request)
{
    const auto line = encode(request);
    require(line.size() <= longest_hasten_line && line.find('\n') == line.size() - 1);
    require(decode_hasten_request(std::string_view(line).substr(0, line.size() - 1)) == request);
    require(covers(request, request.domain));
    require(covers(request, "a." + request.domain) == request.subdomains);
    require(!covers(request, 'a' + request.domain));
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto request = decode_hasten_request(bytes)) goes_through(*request);
    if (const auto node = smtpd::parse_node(bytes)) goes_through(*node);
    if (const auto answer = decode_hasten_answer(bytes)) {
        const auto line = encode(*answer);
        require(decode_hasten_answer(std::string_view(line).substr(0, line.size() - 1)) == answer);
    }
    std::vector<std::string> lines, bad;
    for (const auto line : split(bytes, '\n')) lines.emplace_back(line);
    const smtpd::EtrnHosts hosts(lines, bad);
    require(bad.size() <= lines.size());
    const std::optional<net::IpAddress> address = net::IpAddress::parse("192.0.2.7");
    for (const bool relays : {false, true})
        for (const auto& request : {HastenRequest{"a.near.example", false}, {"far.example", true}})
            if (hosts.allows({address, "joe", relays}, request))
                require(hosts.allows_anything({address, "joe", relays}));
    return 0;
}
