#include "hooks/message/address_form.hpp"

#include "hooks/message/encoded_word.hpp"
#include "hooks/values/mailbox.hpp"
#include "hooks/values/utf8.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace {

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }

std::string quoted(std::string_view name)
{
    std::string text = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
    }
    return text + '"';
}

bool has_control(std::string_view text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return (c >= 0 && c < 32) || c == 127; });
}

// The display name as it goes before the address. What looks like an encoded word becomes one.
std::string display(const std::string& name, bool smtputf8, std::size_t column)
{
    const bool is_plain = name.find("=?") == std::string::npos &&
                          (smtputf8 || std::none_of(name.begin(), name.end(), is_high));
    return is_plain ? quoted(name) : encode_phrase(name, column);
}

}

Result<std::string> write_mailboxes(const std::vector<Mailbox>& mailboxes, bool smtputf8,
                                    std::size_t column)
{
    std::string text;
    for (const auto& [name, email] : mailboxes) {
        if (!is_utf8(email) || !is_mailbox(email, smtputf8)) return permanent("an address is none");
        if (name && (has_control(*name) || !is_utf8(*name)))
            return permanent("a display name has control characters");
        if (!text.empty()) {
            text += ",\n ";
            column = 1;
        }
        if (!name || name->empty()) {
            text += email;
            continue;
        }
        text += display(*name, smtputf8, column);
        text += text.size() + email.size() > 60 ? "\n <" : " <";
        text += email + '>';
    }
    return text;
}

}
