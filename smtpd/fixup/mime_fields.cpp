#include "smtpd/fixup/mime_fields.hpp"

#include "base/mail/utf8.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {

bool is_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 128; });
}

// The look may have ended within a character.
bool begins_as_utf8(std::string_view text)
{
    for (std::size_t cut = 0; cut < 4 && cut <= text.size(); ++cut)
        if (is_utf8(text.substr(0, text.size() - cut))) return true;
    return false;
}

}

std::string missing_mime_fields(MimeFields there, std::string_view body)
{
    const bool eight_bit = there.depend_on_body() && !is_ascii(body);
    std::string fields;
    if (!there.version && (there.type || there.encoding || eight_bit))
        fields += "MIME-Version: 1.0\n";
    if (!eight_bit) return fields;
    if (!there.type)
        fields += begins_as_utf8(body) ? "Content-Type: text/plain; charset=utf-8\n"
                                       : "Content-Type: text/plain; charset=unknown-8bit\n";
    return fields + "Content-Transfer-Encoding: 8bit\n";
}

}
