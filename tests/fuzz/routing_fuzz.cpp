// Routing: lines of virtualdomains, NUL, a recipient. Whatever they are, he goes somewhere, his
// address stays at the end of what he becomes, and a prefix that was put in front comes off again.
#include "fuzz/require.hpp"
#include "send/routing.hpp"

#include "base/text.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace grapnel;
using namespace grapnel::send;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto table = take_until(bytes, '\0').value_or("");
    std::vector<std::string> lines;
    for (const auto line : split(table, '\n')) lines.emplace_back(line);

    RoutingTables tables;
    tables.no_at_host = "noat.example";
    tables.virtual_domains = NameMap(lines);
    const Route routed = route(tables, bytes);
    const std::string whole = bytes.find('@') == std::string_view::npos
                                  ? std::string(bytes) + "@noat.example"
                                  : std::string(bytes);
    require(routed.address.ends_with(whole));
    require((routed.channel == queue::Channel::remote) == (routed.address == whole) ||
            routed.address.size() > whole.size());
    if (!tables.virtual_domains.find(whole) && routed.channel == queue::Channel::local)
        require(without_virtual_prefix(tables, routed.address) == whole);

    tables.percent_hack = NameSet(lines);
    tables.locals = NameSet(lines);
    require(route(tables, bytes).address.find('@') != std::string::npos);
    require(whole.ends_with(without_virtual_prefix(tables, whole)));
    const auto sender = expand_verp(table, bytes);
    require(sender == table || table.ends_with("-@[]"));
    return 0;
}
