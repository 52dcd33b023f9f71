#include "base/mail/idna.hpp"

#include "base/mail/address.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>

namespace grapnel {

namespace {
bool is_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0x80) == 0; });
}
}

std::optional<std::string> ascii_domain(std::string_view domain)
{
    if (is_ascii(domain)) return std::string(domain);
    if (domain.find('\0') != std::string_view::npos) return std::nullopt;
    char* found = nullptr;
    const int code = ::idn2_to_ascii_8z(std::string(domain).c_str(), &found,
                                        IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, decltype(&::idn2_free)> held(found, ::idn2_free);
    if (code != IDN2_OK || !held) return std::nullopt;
    return std::string(held.get());
}

std::string with_ascii_domain(std::string_view address)
{
    const auto parts = split_address(address);
    const auto domain = is_ascii(parts.local) ? ascii_domain(parts.domain) : std::nullopt;
    if (!domain || *domain == parts.domain) return std::string(address);
    return std::string(parts.local) + '@' + *domain;
}

}
