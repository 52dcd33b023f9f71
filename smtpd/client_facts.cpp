#include "smtpd/client_facts.hpp"

#include "base/text.hpp"
#include "smtpd/command.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace grapnel::smtpd {

namespace {

constexpr std::size_t longest_value = 255;

// RFC 3461 4. nullopt: no xtext, or controls in it.
std::optional<std::string> decode_xtext(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '+') {
            unsigned code = 0;
            const auto digits = text.substr(i + 1, 2);
            const auto [end, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
            if (error != std::errc() || digits.size() != 2 || end != digits.data() + 2)
                return std::nullopt;
            c = static_cast<char>(code);
            i += 2;
        }
        if ((c >= 0 && c < 32) || c == 127) return std::nullopt;
        result += c;
    }
    if (result.size() > longest_value) return std::nullopt;
    return result;
}

bool is_unavailable(std::string_view value)
{
    return equal_ignoring_case(value, "[UNAVAILABLE]") ||
           equal_ignoring_case(value, "[TEMPUNAVAIL]");
}

using Text = std::optional<std::string> ClientFacts::*;
using Address = std::optional<net::IpAddress> ClientFacts::*;
using Port = std::optional<std::uint16_t> ClientFacts::*;

template <Text field>
bool take_text(std::string_view value, ClientFacts& facts)
{
    facts.*field = value;
    return true;
}

bool take_name(std::string_view value, ClientFacts& facts)
{
    facts.name = value;
    return value.empty() || is_host_name(value, true);
}

template <Address field>
bool take_address(std::string_view value, ClientFacts& facts)
{
    if (starts_with_ignoring_case(value, "IPv6:")) value.remove_prefix(5);
    facts.*field = value.empty() ? net::IpAddress() : net::IpAddress::parse(value);
    return (facts.*field).has_value();
}

template <Port field>
bool take_port(std::string_view value, ClientFacts& facts)
{
    facts.*field = value.empty() ? std::uint16_t{0} : parse_number<std::uint16_t>(value);
    return (facts.*field).has_value();
}

bool take_protocol(std::string_view value, ClientFacts& facts)
{
    if (value.empty()) return true;
    facts.extended = !equal_ignoring_case(value, "SMTP");
    return *facts.extended == equal_ignoring_case(value, "ESMTP");
}

struct Row {
    std::string_view attribute;
    bool in_xclient, in_xforward;
    bool (*take)(std::string_view value, ClientFacts& facts);
};

constexpr std::array rows{
    Row{"NAME", true, true, take_name},
    Row{"ADDR", true, true, take_address<&ClientFacts::address>},
    Row{"PORT", true, true, take_port<&ClientFacts::port>},
    Row{"PROTO", true, true, take_protocol},
    Row{"HELO", true, true, take_text<&ClientFacts::helo>},
    Row{"LOGIN", true, false, take_text<&ClientFacts::login>},
    Row{"DESTADDR", true, false, take_address<&ClientFacts::here>},
    Row{"DESTPORT", true, false, take_port<&ClientFacts::here_port>},
    Row{"IDENT", false, true, take_text<&ClientFacts::ident>},
    Row{"SOURCE", false, true, take_text<&ClientFacts::source>},
};

bool take(std::string_view word, FactsOf command, ClientFacts& facts)
{
    const auto equals = word.find('=');
    if (equals == std::string_view::npos) return false;
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) {
        return equal_ignoring_case(candidate.attribute, word.substr(0, equals)) &&
               (command == FactsOf::xclient ? candidate.in_xclient : candidate.in_xforward);
    });
    const auto written = word.substr(equals + 1);
    const auto value =
        is_unavailable(written) ? std::optional<std::string>("") : decode_xtext(written);
    return row != rows.end() && value && row->take(*value, facts);
}

}

std::optional<ClientFacts> parse_client_facts(std::string_view text, FactsOf command)
{
    ClientFacts facts;
    bool any = false;
    for (const auto word : split(text, ' ')) {
        if (word.empty()) continue;
        if (!take(word, command, facts)) return std::nullopt;
        any = true;
    }
    return any ? std::optional(facts) : std::nullopt;
}

}
