#include "remote/requests.hpp"

#include "base/mail/date.hpp"
#include "base/mail/utf8.hpp"
#include "base/mail/valid_since.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace grapnel::remote {

namespace {

constexpr std::size_t longest_value = 510;
constexpr std::int64_t longest_time = 999'999'999;   // RFC 2852 4

// RFC 5321 4.1.2 esmtp-value. The records are strangers' words: what could end the command, or
// begin another parameter, is not said.
bool is_value(std::string_view text)
{
    return !text.empty() && text.size() <= longest_value &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return c > 32 && c < 127 && c != '='; });
}

std::string parameter(std::string_view keyword, std::string_view value)
{
    if (!is_value(value)) return {};
    return ' ' + std::string(keyword) + '=' + std::string(value);
}

std::string_view value_of(const Requests& requests, std::string_view name)
{
    const auto* value = requests.records.find(name);
    return value ? std::string_view(*value) : std::string_view();
}

struct DeliverBy {
    std::int64_t seconds;
    std::string mode;   // N, R, NT, RT
};

std::optional<DeliverBy> deliver_by(const Requests& requests)
{
    const auto parts = split(value_of(requests, "deliver-by"), ';');
    if (parts.size() != 2) return std::nullopt;
    const auto time = parse_number<std::uint32_t>(parts[0]);
    const auto mode = lower(parts[1]);
    if (!time) return std::nullopt;
    for (const auto& [known, written] :
         {std::pair("n", "N"), std::pair("r", "R"), std::pair("nt", "NT"), std::pair("rt", "RT")})
        if (mode == known)
            return DeliverBy{std::clamp(static_cast<std::int64_t>(*time) - requests.now,
                                        -longest_time, longest_time),
                             written};
    return std::nullopt;
}

std::string priority(const Requests& requests)
{
    const auto value = value_of(requests, "priority");
    return std::string(value.substr(0, value.find('/')));
}

bool says_utf8(const Requests& requests, const Offers& offers)
{
    const bool asked = requests.records.find("smtputf8") && requests.needs_utf8;
    return (asked || requests.international_address) && offers.contains("SMTPUTF8");
}

// RFC 6533 3: characters beyond ASCII as "\x{F6}".
std::string without_utf8(std::string_view value)
{
    std::string ascii;
    std::uint32_t character = 0;
    int left = 0;   // octets of it
    for (const char c : value) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet < 0x80) {
            ascii += c;
        } else if (octet >= 0xC0) {
            left = octet >= 0xF0 ? 3 : octet >= 0xE0 ? 2 : 1;
            character = octet & (0x3Fu >> left);
        } else {
            character = character << 6 | (octet & 0x3Fu);
            if (--left > 0) continue;
            std::array<char, 16> text{};
            std::snprintf(text.data(), text.size(), "\\x{%02X}", character);
            ascii += text.data();
        }
    }
    return ascii;
}

std::string original_recipient(std::string_view value, bool in_utf8)
{
    if (!is_utf8(value)) return {};
    const auto text = parameter("ORCPT", without_utf8(value));
    return text.empty() || !in_utf8 ? text : " ORCPT=" + std::string(value);
}

std::optional<ValidSince> valid_since(const Requests& requests)
{
    return parse_rrvs(value_of(requests, "rrvs"));
}

Outcome refusal(std::string status, std::string text)
{
    return {Fate::permanent, status, std::move(text) + " (#" + status + ")\n"};
}

}

Requests read_requests(std::string_view records)
{
    Requests requests;
    if (!records.empty()) requests.records = decode_tail(' ' + std::string(records));
    return requests;
}

bool is_binary(const Requests& requests)
{
    return equal_ignoring_case(value_of(requests, "body"), "BINARYMIME");
}

std::string mail_parameters(const Requests& requests, const Offers& offers)
{
    std::string text;
    if (offers.contains("DSN"))
        text += parameter("RET", value_of(requests, "ret")) +
                parameter("ENVID", value_of(requests, "envid"));
    if (const auto by = deliver_by(requests); by && offers.contains("DELIVERBY"))
        text += " BY=" + std::to_string(by->seconds) + ';' + by->mode;
    if (offers.contains("MT-PRIORITY")) text += parameter("MT-PRIORITY", priority(requests));
    if (says_utf8(requests, offers)) text += " SMTPUTF8";
    if (requests.records.find("requiretls") && offers.contains("REQUIRETLS")) text += " REQUIRETLS";
    return text;
}

std::string rcpt_parameters(const Requests& requests, const Offers& offers)
{
    std::string text;
    if (offers.contains("DSN"))
        text += parameter("NOTIFY", value_of(requests, "notify")) +
                original_recipient(value_of(requests, "orcpt"), says_utf8(requests, offers));
    if (!offers.contains("RRVS")) return text;
    if (requests.records.find("rrvs")) return text + parameter("RRVS", value_of(requests, "rrvs"));
    // RFC 7293 6.1. Who has to put it into the header counts on nothing.
    if (const auto since = requests.since_in_header)
        text += parameter("RRVS", date_3339(*since) + ";C");
    return text;
}

// RFC 7293 6.1.
std::string added_header(const Requests& requests, const Offers& offers, std::string_view recipient)
{
    if (requests.records.empty() || !requests.field_is_read || offers.contains("RRVS")) return {};
    const auto known = valid_since(requests);
    return known ? valid_since_field(recipient, known->time) + "\r\n" : std::string();
}

bool passes_notices_on(const Requests& requests, const Offers& offers)
{
    return offers.contains("DSN") && is_value(value_of(requests, "notify"));
}

bool hides_sender(const Requests& requests, const Offers& offers)
{
    return requests.never_as_null && !offers.contains("DSN") &&
           equal_ignoring_case(value_of(requests, "notify"), "NEVER");
}

std::optional<Outcome> objection(const Requests& requests, const Offers& offers,
                                 const std::string& peer, std::uint64_t shortest_time)
{
    if (requests.records.empty()) return std::nullopt;
    const auto connected = "Connected to " + peer + " but ";
    if (requests.tls_demanded && !offers.contains("REQUIRETLS"))
        return refusal("5.7.30", connected + "it does not promise TLS on the rest of the way, as "
                                             "the sender demands.");
    if (is_binary(requests) && !(offers.contains("BINARYMIME") && offers.contains("CHUNKING")))
        return refusal("5.6.3", connected + "the message is binary, which it does not take.");
    if (const auto known = valid_since(requests);
        known && !known->go_on && !offers.contains("RRVS"))
        return refusal("5.7.19", connected + "it does not look since when a mailbox has its owner, "
                                             "as the sender demands.");
    if (requests.records.find("smtputf8") && requests.needs_utf8 && !offers.contains("SMTPUTF8"))
        return refusal(requests.international_address ? "5.6.7" : "5.6.9",
                       connected + "it does not take international mail.");
    const auto by = deliver_by(requests);
    if (!by || by->mode.front() != 'R') return std::nullopt;
    if (!offers.contains("DELIVERBY"))
        return refusal("5.4.7",
                       connected +
                           "it does not promise to deliver by a time, as the sender demands.");
    if (by->seconds < static_cast<std::int64_t>(shortest_time))
        return refusal("5.4.7", connected + "it promises delivery within " +
                                    std::to_string(shortest_time) +
                                    " seconds at best, too late for the sender.");
    return std::nullopt;
}

}
