// Keys and certificates as they are handed down: what can be read is written again as it was
// understood; and what a certificate file may hold.
#include "smtpd/tls_bundle.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace grapnel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    auto material = smtpd::decode_bundle(bytes);
    if (!material) return 0;
    const auto again = smtpd::decode_bundle(smtpd::encode_bundle(*material));
    if (!again || again->standard != material->standard || again->named != material->named ||
        again->ciphers != material->ciphers || again->ticket_keys != material->ticket_keys ||
        again->client_authorities != material->client_authorities)
        std::abort();
    const auto server = net::TlsServer::make(std::move(*material));
    if (server) (*server)->check();
    return 0;
}
