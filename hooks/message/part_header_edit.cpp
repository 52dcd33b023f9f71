#include "hooks/message/part_header_edit.hpp"

#include "hooks/message/content_field.hpp"
#include "hooks/message/header_fields.hpp"
#include "hooks/message/part_fields.hpp"

namespace grapnel::hooks {

Result<std::string> with_utf8(std::string_view content_type)
{
    const auto parsed = parse_content_field(content_type);
    std::string changed(content_type);
    if (const auto* charset = parsed.find("charset")) {
        if (!charset->begin) return permanent("the part names its charset more than once");
        return changed.replace(*charset->begin, charset->size, "utf-8");
    }
    if (parsed.value.find('/') == std::string::npos) return permanent("the part's type is none");
    const auto end = changed.find_last_not_of(" \t\r\n;");
    return changed.insert(end + 1, "; charset=utf-8");
}

Result<std::string> changed_part_header(std::string_view header, const ContentFieldChanges& changes)
{
    const auto split = split_header(header);
    const auto type = split.header.last("Content-Type");
    const auto encoding = split.header.last("Content-Transfer-Encoding");
    std::string changed;
    for (std::size_t n = 0; n < split.header.fields.size(); ++n) {
        const auto& field = split.header.fields[n];
        const auto before_value = field.text.substr(0, field.text.find(':') + 1);
        if (changes.to_utf8 && n == type) {
            const auto value = with_utf8(field.value());
            if (!value) return value.error();
            changed.append(before_value).append(*value).append("\n");
        } else if (changes.encoding && n == encoding) {
            changed.append(before_value).append(" ").append(*changes.encoding).append("\n");
        } else {
            changed += field.text;
        }
    }
    changed += split.body;   // fields beyond the limit
    if (!changed.empty() && !changed.ends_with('\n')) changed += '\n';
    if (changes.to_utf8 && !type) changed += "Content-Type: text/plain; charset=utf-8\n";
    if (changes.encoding && !encoding)
        changed.append("Content-Transfer-Encoding: ").append(*changes.encoding).append("\n");
    return changed;
}

}
