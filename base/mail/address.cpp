#include "base/mail/address.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel {

AddressParts split_address(std::string_view address)
{
    const auto at = address.rfind('@');
    if (at == std::string_view::npos) return {address, {}, false};
    return {address.substr(0, at), address.substr(at + 1), true};
}

namespace {

// RFC 5321 4.1.2 atext; bytes above 127 stand as they are (RFC 6531).
bool is_atom_byte(char c)
{
    return is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) > 127 ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_string(std::string_view local)
{
    if (local.empty()) return false;
    for (const auto part : split(local, '.'))
        if (part.empty() || !std::all_of(part.begin(), part.end(), is_atom_byte)) return false;
    return true;
}

}

std::string quote_local(std::string_view local)
{
    if (is_dot_string(local)) return std::string(local);
    std::string quoted = "\"";
    for (const char c : local) {
        if (c == '"' || c == '\\' || c == '\r' || c == '\n') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

std::string quote_address(std::string_view address)
{
    if (address.empty()) return {};
    const auto parts = split_address(address);
    if (!parts.has_at) return quote_local(address);
    return quote_local(parts.local) + '@' + std::string(parts.domain);
}

std::string unquote(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') continue;
        if (text[i] == '\\' && ++i == text.size()) break;
        result += text[i];
    }
    return result;
}

}
