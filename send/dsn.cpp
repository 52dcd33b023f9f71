#include "send/dsn.hpp"

#include "base/mail/address.hpp"
#include "base/mail/date.hpp"
#include "base/mail/header.hpp"
#include "base/text.hpp"
#include "send/routing.hpp"
#include "send/wishes.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace grapnel::send {

namespace {

using Kind = ReportedMatter::Kind;
constexpr std::size_t longest_field = 900;

bool is_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

bool is_printable_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c <= 126; });
}

// What stands in a field: nothing in it can end the line.
std::string in_field(std::string_view text, bool eight_bit = false)
{
    std::string shown(text.substr(0, longest_field));
    std::replace_if(
        shown.begin(), shown.end(),
        [&](char c) { return (c & 0x80) != 0 ? !eight_bit : c < 32 || c == 127; }, '?');
    return shown;
}

std::string field(std::string_view field_name, std::string_view value)
{
    return fold(std::string(field_name) + ": " + std::string(value)) + '\n';
}

int hex(char c)
{
    if (is_digit(c)) return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// RFC 3461 4. What is no xtext, or no readable text behind it, stays as it was given.
std::string from_xtext(std::string_view xtext)
{
    std::string text;
    for (std::size_t i = 0; i < xtext.size(); ++i) {
        if (xtext[i] != '+') {
            text += xtext[i];
            continue;
        }
        const int high = i + 2 < xtext.size() ? hex(xtext[i + 1]) : -1;
        const int low = high >= 0 ? hex(xtext[i + 2]) : -1;
        if (low < 0) return std::string(xtext);
        text += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return is_printable_ascii(text) ? text : std::string(xtext);
}

std::string typed_address(std::string_view address)
{
    return (is_ascii(address) ? "rfc822; " : "utf-8; ") + in_field(address, true);
}

std::string original_recipient(std::string_view orcpt)
{
    const auto end = orcpt.find(';');
    if (end == std::string_view::npos) return {};
    const auto type = orcpt.substr(0, end);
    const auto address = orcpt.substr(end + 1);
    const bool stays = equal_ignoring_case(type, "utf-8");
    return in_field(type) + "; " + in_field(stays ? std::string(address) : from_xtext(address));
}

// The class agrees with the action (RFC 3464 2.3.4).
std::string status_of(const Outcome& outcome)
{
    if (!outcome.status.empty()) return in_field(outcome.status);
    const char digit = outcome.action == Action::failed    ? '5'
                       : outcome.action == Action::delayed ? '4'
                                                           : '2';
    const auto& enhanced = outcome.reply.enhanced;
    if (enhanced && enhanced->front() == digit) return *enhanced;
    return std::string(1, digit) + ".0.0";
}

std::string diagnostic_of(const Outcome& outcome)
{
    const auto& reply = outcome.reply;
    if (outcome.host.empty()) return "x-qmail; " + in_field(reply.message);
    return "smtp; " + std::to_string(reply.code) +
           (reply.enhanced ? ' ' + *reply.enhanced : std::string()) + ' ' + in_field(reply.message);
}

std::string recipient_fields(const MessageInfo& info, const ReportedMatter& matter,
                             const Outcome& outcome)
{
    std::string text = "\n";
    const auto found = info.recipients.find(outcome.position);
    const auto* orcpt = found == info.recipients.end() ? nullptr : found->second.find("orcpt");
    const auto original = orcpt ? original_recipient(*orcpt) : std::string();
    if (!original.empty()) text += field("Original-Recipient", original);
    text += field("Final-Recipient", typed_address(outcome.address));
    text += field("Action", name(outcome.action));
    text += field("Status", status_of(outcome));
    if (!outcome.host.empty()) text += field("Remote-MTA", "dns; [" + outcome.host + ']');
    if (!outcome.host.empty() || (!outcome.reply.message.empty() && matter.kind != Kind::success))
        text += field("Diagnostic-Code", diagnostic_of(outcome));
    if (outcome.at > 0) text += field("Last-Attempt-Date", date_5322(outcome.at));
    if (matter.kind == Kind::delay)
        text += field("Will-Retry-Until", date_5322(matter.retry_until));
    return text;
}

std::string message_fields(const BounceNames& names, const MessageInfo& info)
{
    std::string text;
    const auto& records = info.message;
    if (const auto* envid = records.find("envid"))
        text += field("Original-Envelope-Id", in_field(from_xtext(*envid)));
    text += field("Reporting-MTA", "dns; " + in_field(names.me));
    if (const auto* helo = records.find("helo"); helo && !helo->empty())
        text += field("Received-From-MTA", "dns; " + in_field(*helo));
    const auto* received = records.find("received");
    const auto arrival = received ? parse_number<std::uint32_t>(*received) : std::nullopt;
    text +=
        field("Arrival-Date", date_5322(arrival ? static_cast<std::time_t>(*arrival) : info.birth));
    if (const auto by = read_deliver_by(records))   // RFC 2852 5
        text += field("Deliver-By-Date", date_5322(by->time));
    return text;
}

std::string_view subject_of(Kind kind)
{
    return kind == Kind::failure ? "failure notice"
           : kind == Kind::delay ? "delay notice"
                                 : "success notice";
}

std::string_view words_for(Action action)
{
    switch (action) {
    case Action::delivered:
        return "It has been delivered.\n";
    case Action::relayed:
        return "It has been passed on to a host that gives no notice of delivery:\n"
               "this is all that you will hear of it.\n";
    case Action::expanded:
        return "It has been sent on to several addresses.\n";
    case Action::failed:
    case Action::delayed:
        break;
    }
    return {};
}

// A failure's paragraphs are in bounce/N. Only failures begin as qmail's do: who reads that form
// would take anything else for one.
std::string opening(const BounceNames& names, const ReportedMatter& matter)
{
    const std::string us = "qmail-send program at " + names.host + ".\n";
    if (matter.kind == Kind::failure)
        return "Hi. This is the " + us +
               "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
               "This is a permanent error; I've given up. Sorry it didn't work out.\n\n";
    if (matter.kind == Kind::delay)
        return "This is a notice from the " + us +
               "I haven't been able to deliver your message to the following addresses yet.\n"
               "You need not send it again: I'll keep trying until\n" +
               date_5322(matter.retry_until) + ".\n\n";
    return "This is a notice from the " + us + "You asked what became of your message.\n\n";
}

std::string paragraphs(const ReportedMatter& matter)
{
    std::string text;
    for (const auto& outcome : matter.recipients)
        text += failure_paragraph(outcome.address, matter.kind == Kind::delay
                                                       ? outcome.reply.message
                                                       : words_for(outcome.action));
    return text;
}

// What the parts are called depends on what they hold.
struct Parts {
    std::string boundary;
    bool international = false;   // part 2 holds UTF-8
    bool utf8_message = false;    // so does the header of the message
    bool header_only = true;
    bool eight_bit_text = false, eight_bit_copy = false;

    bool any_eight_bit() const { return international || eight_bit_text || eight_bit_copy; }
    std::string begin(std::string_view type, bool eight_bit) const
    {
        return "--" + boundary + "\nContent-Type: " + std::string(type) + '\n' +
               (eight_bit ? "Content-Transfer-Encoding: 8bit\n" : "") + '\n';
    }
    std::string_view copy_type() const
    {
        if (utf8_message) return header_only ? "message/global-headers" : "message/global";
        return header_only ? "text/rfc822-headers" : "message/rfc822";
    }
};

// RET counts for failures only; others never bring the text back.
bool wants_header_only(const BounceNames& names, const MessageInfo& info,
                       const ReportedMatter& matter)
{
    if (matter.kind != Kind::failure || keeps_text_back(info.message)) return true;
    const auto* ret = info.message.find("ret");
    if (ret && equal_ignoring_case(*ret, "HDRS")) return true;
    return matter.message_size > most_copied(names);
}

Parts make_parts(const BounceNames& names, const MessageInfo& info, const ReportedMatter& matter)
{
    Parts parts;
    parts.boundary = "=_" + matter.token;
    parts.header_only = wants_header_only(names, info, matter);
    parts.international =
        std::any_of(matter.recipients.begin(), matter.recipients.end(),
                    [](const auto& outcome) { return !is_ascii(outcome.address); });
    parts.utf8_message = matter.eight_bit_header && info.message.find("smtputf8");
    parts.eight_bit_text =
        matter.kind == Kind::failure ? matter.eight_bit_paragraphs : !is_ascii(paragraphs(matter));
    parts.eight_bit_copy = parts.header_only ? matter.eight_bit_header : matter.eight_bit_message;
    return parts;
}

// RFC 3834 3.1.6, 3.1.7: what it answers.
std::string thread_fields(const std::string& message_id)
{
    if (message_id.empty()) return {};
    return "In-Reply-To: " + message_id + "\nReferences: " + message_id + '\n';
}

std::string header(const BounceNames& names, const ReportedMatter& matter, const Notice& notice,
                   const Parts& parts)
{
    return "Date: " + date_822(matter.now) + "\nFrom: " + quote_local(names.from) + '@' +
           names.host + "\nTo: " + quote_address(notice.recipient) +
           "\nSubject: " + std::string(subject_of(matter.kind)) + "\nMessage-ID: <" + matter.token +
           '@' + names.host + ">\n" + thread_fields(matter.message_id) +
           "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n" +
           "Content-Type: multipart/report; report-type=" +
           (parts.international ? "global-delivery-status" : "delivery-status") +
           ";\n\tboundary=\"" + parts.boundary + "\"\n" +
           (parts.any_eight_bit() ? "Content-Transfer-Encoding: 8bit\n" : "") + '\n';
}

std::string status_part(const BounceNames& names, const MessageInfo& info,
                        const ReportedMatter& matter, const Parts& parts)
{
    auto text = parts.begin(parts.international ? "message/global-delivery-status"
                                                : "message/delivery-status",
                            parts.international) +
                message_fields(names, info);
    const auto count = std::min(matter.recipients.size(), most_reported);
    for (std::size_t i = 0; i < count; ++i)
        text += recipient_fields(info, matter, matter.recipients[i]);
    return text;
}

}

std::uint64_t most_copied(const BounceNames& names)
{
    const bool is_set = names.most_copied != std::numeric_limits<std::uint64_t>::max();
    return is_set ? names.most_copied : copied_by_default;
}

Notice make_report(const BounceNames& names, const MessageInfo& info, const ReportedMatter& matter,
                   ReportForm form)
{
    const auto parts = make_parts(names, info, matter);
    const auto sender = without_verp_mark(info.sender);
    Notice notice;
    notice.recipient = sender_behind(names, sender, matter.now);
    notice.copy = parts.header_only ? Notice::Copy::header : Notice::Copy::whole;
    notice.with_paragraphs = matter.kind == Kind::failure;
    if (parts.international || parts.utf8_message || !is_ascii(sender))
        notice.records.set("smtputf8", "1");
    if (info.message.find("requiretls")) notice.records.set("requiretls", "1");
    inherit_priority(info.message, notice.records);

    const auto text = parts.begin(parts.eight_bit_text ? "text/plain; charset=utf-8"
                                                       : "text/plain; charset=us-ascii",
                                  parts.eight_bit_text) +
                      opening(names, matter);
    const bool twice = form == ReportForm::both && matter.kind == Kind::failure;
    notice.head = header(names, matter, notice, parts);
    if (twice) {
        notice.head += opening(names, matter);
        notice.again = text;
    } else {
        notice.head += text;
    }
    if (matter.kind != Kind::failure) {
        notice.head += paragraphs(matter);
        notice.about = matter.recipients;
    }
    notice.middle = status_part(names, info, matter, parts) + '\n' +
                    parts.begin(parts.copy_type(), parts.eight_bit_copy) + "Return-Path: <" +
                    quote_address(sender) + ">\n";
    notice.tail = "\n--" + parts.boundary + "--\n";
    return notice;
}

}
