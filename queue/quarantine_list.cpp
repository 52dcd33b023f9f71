#include "queue/quarantine_list.hpp"

#include "base/mail/date.hpp"
#include "base/sys/log.hpp"

#include <array>
#include <cstdio>

namespace grapnel::queue {

namespace {

constexpr std::size_t longest_shown = 1100;

std::string shown(std::string_view text) { return printable(text, longest_shown); }

std::string path(std::string_view address) { return '<' + shown(address) + '>'; }

// How many octets of text are one character of UTF-8 (RFC 3629); 0: none are.
std::size_t character_at(std::string_view text)
{
    struct Form {
        unsigned mask, lead, least;
    };
    constexpr std::array<Form, 3> forms{
        {{0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}}};
    const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (octet(0) < 0x80) return 1;
    for (std::size_t more = 1; more <= forms.size(); ++more) {
        const auto& form = forms[more - 1];
        if ((octet(0) & form.mask) != form.lead) continue;
        if (text.size() <= more) return 0;
        unsigned value = octet(0) & ~form.mask & 0xffU;
        for (std::size_t i = 1; i <= more; ++i) {
            if ((octet(i) & 0xc0U) != 0x80U) return 0;
            value = value << 6 | (octet(i) & 0x3fU);
        }
        const bool surrogate = value >= 0xd800 && value < 0xe000;
        return value < form.least || value > 0x10ffff || surrogate ? 0 : more + 1;
    }
    return 0;
}

std::string json_text(std::string_view text)
{
    std::string result = "\"";
    while (!text.empty()) {
        const auto size = character_at(text);
        const char c = text.front();
        std::array<char, 8> code{};
        if (c == '"' || c == '\\')
            (result += '\\') += c;
        else if (size == 1 && (c < 32 || c == 127))
            result.append(code.data(), static_cast<std::size_t>(
                                           std::snprintf(code.data(), code.size(), "\\u%04x", c)));
        else
            result += size > 0 ? text.substr(0, size) : std::string_view("\\ufffd");
        text.remove_prefix(size > 0 ? size : 1);
    }
    return result + '"';
}

}

std::string line_about(const HeldMail& mail)
{
    const auto& to = mail.envelope.recipients;
    std::string line = mail.id + "  " + date_822(mail.since) + "  " + std::to_string(mail.bytes) +
                       "  " + path(mail.envelope.sender) + "  to=";
    line += to.size() == 1 ? path(to.front()) : std::to_string(to.size());
    return line + "  by=" + shown(mail.scanner()) + "  " + shown(mail.reason()) + '\n';
}

std::string json_about(const HeldMail& mail)
{
    std::string to;
    for (const auto& recipient : mail.envelope.recipients)
        to += (to.empty() ? "" : ",") + json_text(recipient);
    return "{\"id\":" + json_text(mail.id) + ",\"since\":" + std::to_string(mail.since) +
           ",\"bytes\":" + std::to_string(mail.bytes) +
           ",\"sender\":" + json_text(mail.envelope.sender) + ",\"recipients\":[" + to +
           "],\"scanner\":" + json_text(mail.scanner()) +
           ",\"reason\":" + json_text(mail.reason()) + '}';
}

std::string all_about(const HeldMail& mail)
{
    std::string text = "id " + mail.id + "\nsince " + date_822(mail.since) + "\nbytes " +
                       std::to_string(mail.bytes) + "\nfrom " + path(mail.envelope.sender) + '\n';
    for (const auto& recipient : mail.envelope.recipients) text += "to " + path(recipient) + '\n';
    for (const auto& [name, value] : mail.envelope.extensions.message.records())
        text += "record " + name + '=' + shown(value) + '\n';
    for (const auto& [position, records] : mail.envelope.extensions.recipients)
        for (const auto& [name, value] : records.records())
            text += "record " + std::to_string(position) + ':' + name + '=' + shown(value) + '\n';
    return text;
}

}
