// Addresses: quoting is undone by unquoting, and splitting keeps every byte.
#include "base/mail/address.hpp"
#include "fuzz/require.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto parts = split_address(bytes);
    const std::string joined =
        std::string(parts.local) + (parts.has_at ? "@" : "") + std::string(parts.domain);
    require(joined == bytes);
    require(unquote(quote_local(bytes)) == bytes);
    const auto unquoted = unquote(bytes);
    require(unquoted.size() <= bytes.size());
    return 0;
}
