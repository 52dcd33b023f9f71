#include "base/mail/valid_since.hpp"

#include "base/mail/address.hpp"
#include "base/mail/date.hpp"
#include "base/mail/header.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace grapnel {

std::optional<ValidSince> parse_rrvs(std::string_view value)
{
    const auto semicolon = std::min(value.find(';'), value.size());
    const auto date = value.substr(0, semicolon);
    const auto action = value.substr(semicolon);
    const bool go_on = equal_ignoring_case(action, ";C");
    if (!action.empty() && !go_on && !equal_ignoring_case(action, ";R")) return std::nullopt;
    if (date.find('.') != std::string_view::npos) return std::nullopt;
    const auto time = parse_date_3339(date);
    return time ? std::optional(ValidSince{*time, go_on}) : std::nullopt;
}

namespace {

// Without comments, and without what could not stand in a command: quoted is the local part at
// most.
bool is_plain_address(std::string_view text)
{
    const auto domain = text.substr(std::min(text.rfind('@'), text.size()));
    if (domain.empty() || domain.find('"') != std::string_view::npos) return false;
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; };
    if (std::any_of(text.begin(), text.end(), is_control)) return false;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\') ++i;
        if (c == '"') quoted = !quoted;
        if (!quoted && std::string_view(" <>(),;:\\").find(c) != std::string_view::npos)
            return false;
    }
    return !quoted && text.size() <= longest_address;
}

}

std::optional<ValidSinceField> parse_valid_since(std::string_view value)
{
    const auto text = unfold(value);
    const auto semicolon = text.rfind(';');
    if (semicolon == std::string::npos) return std::nullopt;
    const auto written = trim(std::string_view(text).substr(0, semicolon));
    const auto time = parse_date_5322(std::string_view(text).substr(semicolon + 1));
    if (!time || !is_plain_address(written)) return std::nullopt;
    ValidSinceField field{unquote(written), *time};
    const auto parts = split_address(field.address);
    if (parts.local.empty() || parts.domain.empty()) return std::nullopt;
    return field;
}

std::vector<ValidSinceField> valid_since_fields(std::string_view header)
{
    std::vector<ValidSinceField> fields;
    while (const auto found = find_field(header, valid_since_name)) {
        if (auto field = parse_valid_since(field_value(*found)))
            fields.push_back(std::move(*field));
        header =
            header.substr(static_cast<std::size_t>(found->data() - header.data()) + found->size());
    }
    return fields;
}

std::string valid_since_field(std::string_view address, std::time_t time)
{
    std::string field(valid_since_name);
    field += ": ";
    field += address;
    field += "; ";
    return field += date_5322(time);
}

}
