#include "send/bounce.hpp"

#include "base/mail/address.hpp"
#include "base/mail/date.hpp"
#include "base/text.hpp"
#include "send/routing.hpp"
#include "send/wishes.hpp"

#include <algorithm>

namespace grapnel::send {

namespace {

constexpr std::string_view double_bounce_sender = "#@[]";

// Of two newlines in a row the second becomes "/"; the text's very last byte stays.
void remove_empty_lines(std::string& text)
{
    for (auto i = text.size() - 2; i > 0; --i)
        if (text[i] == '\n' && text[i - 1] == '\n') text[i] = '/';
}

}

// What an SRS address of ours stands for; where it stands for nobody it is mail for itself.
std::string sender_behind(const BounceNames& names, std::string_view sender, std::time_t now)
{
    if (!names.srs || !equal_ignoring_case(split_address(sender).domain, names.srs->domain))
        return std::string(sender);
    const auto behind = srs_reverse(*names.srs, sender, now);
    return behind ? *behind : std::string(sender);
}

std::string shown_recipient(std::string_view address)
{
    std::string shown(address);
    std::replace(shown.begin(), shown.end(), '\n', '_');
    return shown;
}

std::string failure_paragraph(std::string_view recipient, std::string_view report)
{
    std::string text = '<' + shown_recipient(recipient) + ">:\n";
    text += report;
    if (text.back() != '\n') text += '\n';
    remove_empty_lines(text);
    return text + '\n';
}

std::vector<FailureParagraph> read_failures(std::string_view bounce_file, std::size_t most)
{
    constexpr std::string_view after_recipient = ">:\n", after_paragraph = "\n\n";
    std::vector<FailureParagraph> failures;
    while (failures.size() < most) {
        // A report may have had an empty line at its end.
        bounce_file.remove_prefix(
            std::min(bounce_file.find_first_not_of('\n'), bounce_file.size()));
        const auto end = bounce_file.find(after_paragraph);
        if (end == std::string_view::npos) break;
        const auto paragraph = bounce_file.substr(0, end + 1);
        bounce_file.remove_prefix(end + after_paragraph.size());
        // Addresses hold no line end here.
        const auto name_end = paragraph.find(after_recipient);
        if (!paragraph.starts_with('<') || name_end == std::string_view::npos) continue;
        failures.push_back({std::string(paragraph.substr(1, name_end - 1)),
                            std::string(paragraph.substr(name_end + after_recipient.size()))});
    }
    return failures;
}

std::size_t torn_tail(std::string_view last_bytes)
{
    const auto end = last_bytes.rfind("\n\n");
    return end == std::string_view::npos ? last_bytes.size() : last_bytes.size() - end - 2;
}

std::optional<Notice> make_notice(const BounceNames& names, std::string_view message_sender,
                                  std::time_t now, const Extensions& message)
{
    const auto sender = without_verp_mark(message_sender);
    if (sender == double_bounce_sender) return std::nullopt;
    const bool is_double = sender.empty();
    if (is_double && names.double_to.empty()) return std::nullopt;

    Notice notice;
    notice.most_copied = names.most_copied;
    notice.sender = is_double ? double_bounce_sender : "";
    notice.recipient = is_double ? names.double_to : sender_behind(names, sender, now);
    notice.head = "Date: " + date_822(now) + "\nFrom: " + quote_local(names.from) + '@' +
                  names.host + "\nTo: " + quote_address(notice.recipient) +
                  "\nSubject: failure notice\n\nHi. This is the qmail-send program at " +
                  names.host + ".\n";
    notice.head +=
        is_double
            ? "I tried to deliver a bounce message to this address, but the bounce bounced!\n\n"
            : "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
              "This is a permanent error; I've given up. Sorry it didn't work out.\n\n";
    notice.middle = is_double ? "--- Below this line is the original bounce.\n\n"
                              : "--- Below this line is a copy of the message.\n\n";
    notice.middle += "Return-Path: <" + quote_address(sender) + ">\n";
    if (message.find("requiretls")) notice.records.set("requiretls", "1");
    if (keeps_text_back(message)) {
        notice.copy = Notice::Copy::header;
        notice.tail = stripped_text;
    }
    return notice;
}

}
