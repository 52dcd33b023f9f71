// A scanner's discovery document: whatever is accepted stays within what was asked.
#include "fuzz/require.hpp"
#include "hooks/registration/discovery.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace grapnel;

namespace {

void check(hooks::Serialization serialization, std::string_view body)
{
    const auto asked = net::Url::parse("https://scanner.example:8443/.well-known/mta-hooks");
    const hooks::Origins origins(*asked, {"https://other.example"});
    const auto discovery = hooks::decode_discovery(serialization, body, *asked, origins);
    if (!discovery) {
        require(!discovery.error().text.empty());
        return;
    }
    const auto origin = discovery->registration.origin();
    require(origin == "https://scanner.example:8443" || origin == "https://other.example:443");
    require(!discovery->serializations.empty());
    if (discovery->timeout) require(discovery->timeout->count() >= 1000);
    if (discovery->timeout) require(discovery->timeout->count() <= 60000);
    for (const auto direction : {hooks::Direction::inbound, hooks::Direction::outbound})
        for (const auto stage : hooks::all_stages)
            if (const auto& offer = discovery->offer(direction); offer && offer->stages.has(stage))
                require(hooks::direction(stage) == direction);
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    check(hooks::Serialization::json, body);
    check(hooks::Serialization::cbor, body);
    return 0;
}
