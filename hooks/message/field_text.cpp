#include "hooks/message/field_text.hpp"

#include "base/mail/header.hpp"
#include "base/text.hpp"
#include "hooks/message/encoded_word.hpp"
#include "hooks/message/lexemes.hpp"
#include "hooks/message/lines.hpp"
#include "hooks/values/utf8.hpp"

#include <algorithm>
#include <array>

namespace grapnel::hooks {

namespace {

// Encoded words may not stand there, or not everywhere (RFC 2047 5).
constexpr std::array<std::string_view, 40> structured{
    "arc-authentication-results",
    "arc-message-signature",
    "arc-seal",
    "authentication-results",
    "auto-submitted",
    "autocrypt",
    "bcc",
    "cc",
    "content-disposition",
    "content-id",
    "content-language",
    "content-location",
    "content-transfer-encoding",
    "content-type",
    "date",
    "delivered-to",
    "disposition-notification-to",
    "dkim-signature",
    "domainkey-signature",
    "from",
    "in-reply-to",
    "list-archive",
    "list-help",
    "list-owner",
    "list-post",
    "list-subscribe",
    "list-unsubscribe",
    "message-id",
    "mime-version",
    "received",
    "received-spf",
    "references",
    "reply-to",
    "resent-date",
    "resent-message-id",
    "return-path",
    "return-receipt-to",
    "sender",
    "tls-required",
    "to",
};

bool is_structured(std::string_view name)
{
    const auto plain = lower(name);
    const bool resent = plain.starts_with("resent-") && plain != "resent-comments";
    return resent || std::find(structured.begin(), structured.end(), plain) != structured.end();
}

bool is_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// C0 but HTAB and LF, DEL, and C1, which in UTF-8 is 0xC2 and one octet.
bool has_control(std::string_view text)
{
    for (std::size_t n = 0; n < text.size(); ++n) {
        const auto octet = static_cast<unsigned char>(text[n]);
        if ((octet < 32 && octet != '\t' && octet != '\n') || octet == 127) return true;
        if (octet == 0xC2 && n + 1 < text.size() && static_cast<unsigned char>(text[n + 1]) < 0xA0)
            return true;
    }
    return false;
}

// Folds are LF and a blank, and on each of their lines is something else.
bool has_right_folds(std::string_view value)
{
    if (value.starts_with('\n') || value.ends_with('\n')) return false;
    for (auto at = value.find('\n'); at != std::string_view::npos; at = value.find('\n', at + 1)) {
        const auto line = value.substr(at + 1, value.find('\n', at + 1) - at - 1);
        if (line.empty() || !is_blank(line.front()) ||
            line.find_first_not_of(" \t") == std::string_view::npos)
            return false;
    }
    return true;
}

// Where a line that is too long can be folded: the last blank that fits, with something before and
// behind it.
std::size_t place_to_fold(std::string_view line)
{
    const auto first_word = line.find_first_not_of(" \t");
    for (auto at = line.find_last_of(" \t", longest_line);
         at != std::string_view::npos && at > first_word; at = line.find_last_of(" \t", at - 1))
        if (!is_blank(line[at - 1]) && line.find_first_not_of(" \t", at) != std::string_view::npos)
            return at;
    return std::string_view::npos;
}

Result<std::string> fold_long_lines(std::string_view field)
{
    std::string folded;
    while (!field.empty()) {
        const auto line = first_line(field);
        const auto size = line.size() - (line.ends_with('\n') ? 1 : 0);
        if (size <= longest_line) {
            folded += line;
            field.remove_prefix(line.size());
            continue;
        }
        const auto at = place_to_fold(line.substr(0, size));
        if (at == std::string_view::npos) return permanent("a line is too long");
        folded.append(line.substr(0, at)).append("\n");
        field.remove_prefix(at);
    }
    return folded;
}

Result<> check_value(std::string_view value)
{
    if (value.size() > longest_value) return permanent("the value is too long");
    if (!is_utf8(value)) return permanent("the value is no UTF-8");
    if (has_control(value)) return permanent("the value has control characters");
    return {};
}

}

Result<> check_field_name(std::string_view name)
{
    const bool good =
        !name.empty() && name.size() <= longest_name &&
        std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127 && c != ':'; });
    if (!good) return permanent("the field name is wrong");
    return {};
}

Result<std::string> field_text(std::string_view name, std::string_view value, bool smtputf8)
{
    if (auto good = check_field_name(name); !good) return good.error();
    std::string text(value);
    drop_carriage_returns(text);
    if (auto good = check_value(text); !good) return good.error();
    if (!has_right_folds(text)) return permanent("the value has a line end that is no fold");
    if (!all_words_are_right(unfolded(text))) return permanent("an encoded word is wrong");
    auto field = std::string(name) + ':';
    if (text.empty() || !is_blank(text.front())) field += ' ';
    if (!is_ascii(text) && !smtputf8) {
        if (is_structured(name)) return permanent("the value is not ASCII");
        text = encode_words(decode_words(unfolded(text)), field.size());
    }
    return fold_long_lines(field + text + '\n');
}

Result<std::string> text_field(std::string_view name, std::string_view text, bool smtputf8)
{
    if (auto good = check_value(text); !good) return good.error();
    if (text.find('\n') != std::string_view::npos) return permanent("the text has line ends");
    const auto field = std::string(name) + ": ";
    const bool as_it_is = smtputf8 && text.find("=?") == std::string_view::npos;
    if (as_it_is || !needs_encoded_words(text))
        return fold_long_lines(fold(field + std::string(text)) + '\n');
    return fold_long_lines(field + encode_words(text, field.size()) + '\n');
}

}
