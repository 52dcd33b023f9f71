#include "smtpd/sasl/gs2.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel::sasl {

namespace {

bool is_binding_name(std::string_view text)
{
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '.' || c == '-';
    });
}

}

std::optional<std::string> decode_saslname(std::string_view text)
{
    std::string name;
    while (!text.empty()) {
        if (text.front() == '\0') return std::nullopt;
        if (text.front() != '=') {
            name += text.front();
            text.remove_prefix(1);
            continue;
        }
        const auto code = text.substr(0, 3);
        if (code != "=2C" && code != "=3D") return std::nullopt;
        name += code == "=2C" ? ',' : '=';
        text.remove_prefix(3);
    }
    return name;
}

std::optional<Gs2Header> take_gs2_header(std::string_view& message)
{
    auto rest = message;
    const auto flag = take_until(rest, ',');
    const auto user = take_until(rest, ',');
    if (!flag || !user || flag->empty()) return std::nullopt;
    Gs2Header header;
    header.flag = flag->front();
    if (header.flag == 'p') {
        if (!flag->starts_with("p=") || !is_binding_name(flag->substr(2))) return std::nullopt;
        header.binding = flag->substr(2);
    } else if (*flag != "n" && *flag != "y") {
        return std::nullopt;
    }
    if (!user->empty()) {
        if (!user->starts_with("a=") || user->size() == 2) return std::nullopt;
        auto name = decode_saslname(user->substr(2));
        if (!name) return std::nullopt;
        header.user = std::move(*name);
    }
    header.text = message.substr(0, message.size() - rest.size());
    message = rest;
    return header;
}

}
