#include "base/mail/idna.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>

namespace grapnel {

std::optional<std::string> ascii_domain(std::string_view domain)
{
    const auto is_ascii = [](char c) { return (static_cast<unsigned char>(c) & 0x80) == 0; };
    if (std::all_of(domain.begin(), domain.end(), is_ascii)) return std::string(domain);
    if (domain.find('\0') != std::string_view::npos) return std::nullopt;
    char* found = nullptr;
    const int code = ::idn2_to_ascii_8z(std::string(domain).c_str(), &found,
                                        IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, decltype(&::idn2_free)> held(found, ::idn2_free);
    if (code != IDN2_OK || !held) return std::nullopt;
    return std::string(held.get());
}

}
