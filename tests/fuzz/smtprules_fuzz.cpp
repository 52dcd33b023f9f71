// control/smtprules: any lines, asked about some addresses.
#include "base/text.hpp"
#include "smtpd/rules.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace grapnel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    smtpd::Rules rules;
    for (const auto line : split(text, '\n')) rules.add(line);
    for (const auto* address : {"127.0.0.1", "10.1.2.3", "2001:db8::1", "0.0.0.0"}) {
        const auto* rule = rules.find(*net::IpAddress::parse(address), std::string("a.b.example"),
                                      std::string("joe"));
        if (!rule) continue;
        for (const auto& [name, value] : rule->variables)
            if (!rules.sets(name + '=' + value)) std::abort();
    }
    return 0;
}
