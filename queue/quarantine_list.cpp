#include "queue/quarantine_list.hpp"

#include "base/mail/date.hpp"
#include "base/sys/log.hpp"
#include "queue/json_text.hpp"

namespace grapnel::queue {

namespace {

constexpr std::size_t longest_shown = 1100;

std::string shown(std::string_view text) { return printable(text, longest_shown); }

std::string path(std::string_view address) { return '<' + shown(address) + '>'; }

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
