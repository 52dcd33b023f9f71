#include "smtpd/extensions.hpp"

#include "base/mail/date.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace grapnel::smtpd {

namespace {

struct Row {
    std::string_view keyword;
    bool on, on_at_submission;
    // What the keyword promises does not hold on the whole way of a message: it is never offered.
    bool broken = false;
    bool needs_tls = false, needs_auth = false;   // by its RFC
};

constexpr bool broken = true;

// In the order of the enumeration.
constexpr std::array rows{
    Row{"PIPELINING", true, true},    Row{"8BITMIME", true, true},
    Row{"SIZE", true, true},          Row{"ENHANCEDSTATUSCODES", true, true},
    Row{"SMTPUTF8", true, true},      Row{"DSN", true, true},
    Row{"CHUNKING", true, true},      Row{"BINARYMIME", false, false},
    Row{"LIMITS", true, true},        Row{"REQUIRETLS", true, true, false, true},   // RFC 8689 2
    Row{"DELIVERBY", false, true},    Row{"FUTURERELEASE", false, true, false, false, true},
    Row{"MT-PRIORITY", false, false}, Row{"RRVS", false, false},
    Row{"STARTTLS", true, true},      Row{"AUTH", false, true},
    Row{"VRFY", true, true},          Row{"EXPN", false, false, broken},
    Row{"HELP", true, true},          Row{"ETRN", false, false},
};
static_assert(rows.size() == static_cast<std::size_t>(Extension::etrn) + 1);

std::size_t row_named(std::string_view keyword)
{
    const auto found = std::find_if(rows.begin(), rows.end(), [keyword](const Row& row) {
        return equal_ignoring_case(row.keyword, keyword);
    });
    return static_cast<std::size_t>(found - rows.begin());
}

}

Extensions::Extensions(bool submission)
{
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const bool wanted = submission ? rows[i].on_at_submission : rows[i].on;
        set_.set(i, wanted && !rows[i].broken);
        need_tls_.set(i, rows[i].needs_tls);
        need_auth_.set(i, rows[i].needs_auth);
    }
}

bool Extensions::apply(std::string_view word)
{
    const auto colon = word.find(':');
    const auto condition = colon == std::string_view::npos ? "" : word.substr(colon + 1);
    word = word.substr(0, colon);
    const bool is_switch = word.starts_with('+') || word.starts_with('-');
    if (is_switch != condition.empty() || word.size() < 2) return false;
    const bool tls = equal_ignoring_case(condition, "tls");
    const bool auth = equal_ignoring_case(condition, "auth");
    if (!is_switch && !tls && !auth) return false;
    const bool off = word[0] == '-';
    if (is_switch) word.remove_prefix(1);
    if (off && equal_ignoring_case(word, "ALL")) {
        set_.reset();
        return true;
    }
    const auto index = row_named(word);
    if (index == rows.size()) return off;   // what is never offered may be switched off
    if (!off && rows[index].broken) return false;
    set_.set(index, !off);
    need_tls_.set(index, tls || rows[index].needs_tls);
    need_auth_.set(index, auth || rows[index].needs_auth);
    return true;
}

// RFC 3207 4.2: not shown within TLS.
Extensions Extensions::offered(bool in_tls, bool authenticated) const
{
    Extensions result = *this;
    if (!in_tls) result.set_ &= ~need_tls_;
    if (!authenticated) result.set_ &= ~need_auth_;
    // RFC 3030 3: BODY is a parameter of 8BITMIME, and only chunks carry such octets.
    if (!result.has(Extension::chunking) || !result.has(Extension::eight_bit_mime))
        result.switch_off(Extension::binary_mime);
    if (in_tls) result.switch_off(Extension::starttls);
    return result;
}

void Extensions::apply(const std::vector<std::string>& words, std::vector<std::string>* bad)
{
    for (const auto& word : words)
        if (!apply(word) && bad) bad->push_back(word);
}

namespace {

std::string with_value(Extension extension, const OfferedValues& values)
{
    const auto number = [](std::uint64_t value) { return ' ' + std::to_string(value); };
    switch (extension) {
    case Extension::auth:
        return ' ' + join(values.mechanisms, " ");
    case Extension::size:
        return values.databytes > 0 ? number(values.databytes) : "";
    case Extension::limits: {   // RFC 9422 4
        std::string text;
        if (values.max_mail > 0) text += " MAILMAX=" + std::to_string(values.max_mail);
        if (values.max_recipients > 0) text += " RCPTMAX=" + std::to_string(values.max_recipients);
        return text;
    }
    case Extension::deliver_by:   // RFC 2852 2
        return values.deliver_by_min > 0 ? number(values.deliver_by_min) : "";
    case Extension::future_release:   // RFC 4865 3
        return number(values.hold_max) + ' ' +
               date_3339(values.now + static_cast<std::time_t>(values.hold_max));
    default:
        return "";
    }
}

}

std::vector<std::string> ehlo_lines(const Extensions& offered, const OfferedValues& values)
{
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto extension = static_cast<Extension>(i);
        if (!offered.has(extension)) continue;
        lines.push_back(std::string(rows[i].keyword) + with_value(extension, values));
    }
    return lines;
}

}
