// Since when a mailbox is its owner's, as a parameter and as a header field: what is understood is
// said again, and means the same.
#include "base/mail/address.hpp"
#include "base/mail/date.hpp"
#include "base/mail/header.hpp"
#include "base/mail/owners.hpp"
#include "base/mail/valid_since.hpp"
#include "fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace grapnel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto date = parse_date_5322(bytes)) {
        require(*date >= 0);
        require(parse_date_5322(date_5322(*date)) == date);
    }
    if (const auto parameter = parse_rrvs(bytes)) {
        const auto again = parse_rrvs(date_3339(parameter->time) + (parameter->go_on ? ";C" : ""));
        require(again && again->time == parameter->time && again->go_on == parameter->go_on);
    }
    for (const auto& field : valid_since_fields(bytes)) {
        const auto line = valid_since_field(quote_address(field.address), field.time);
        require(line.find('\n') == std::string::npos);
        const auto again = parse_valid_since(field_value(line));
        require(again && again->address == field.address && again->time == field.time);
    }
    const Owners owners({std::string(bytes)});
    require(owners.of("joe@here.example", 0) != Owner::another_domain || bytes.substr(0, 1) == "@");
    return 0;
}
