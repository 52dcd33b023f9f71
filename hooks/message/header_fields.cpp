#include "hooks/message/header_fields.hpp"

#include "base/mail/header.hpp"
#include "base/text.hpp"
#include "hooks/message/lines.hpp"

namespace grapnel::hooks {

std::string_view Field::value() const
{
    auto value = field_value(text);
    if (value.ends_with('\n')) value.remove_suffix(1);
    return value;
}

bool Field::is(std::string_view wanted) const { return equal_ignoring_case(name(), wanted); }

Field added_field(std::string text)
{
    Field field;
    field.added = std::make_shared<const std::string>(std::move(text));
    field.text = *field.added;
    field.name_size = field_name(field.text).value_or(std::string_view()).size();
    return field;
}

std::optional<std::size_t> Header::last(std::string_view name) const
{
    for (auto n = fields.size(); n > 0; --n)
        if (fields[n - 1].is(name)) return n - 1;
    return std::nullopt;
}

SplitText split_header(std::string_view text)
{
    SplitText split;
    auto& fields = split.header.fields;
    std::size_t begin = 0, at = 0;
    while (at < text.size()) {
        const auto line = first_line(text.substr(at));
        if (line == "\n") {
            split.header.separator = line;
            at += line.size();
            break;
        }
        if (fields.empty() || !is_blank(line.front())) {
            const auto name = field_name(line);
            split.header.cut = name && fields.size() == most_fields;
            if (!name || split.header.cut) break;
            begin = at;
            fields.emplace_back().name_size = name->size();
        }
        at += line.size();
        fields.back().text = text.substr(begin, at - begin);
    }
    split.body = text.substr(at);
    return split;
}

}
