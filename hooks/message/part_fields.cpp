#include "hooks/message/part_fields.hpp"

#include "base/text.hpp"
#include "hooks/message/content_field.hpp"
#include "hooks/message/encoded_word.hpp"
#include "hooks/message/lexemes.hpp"
#include "hooks/values/utf8.hpp"

namespace grapnel::hooks {

namespace {

constexpr std::size_t most_languages = 1000;

std::optional<std::string_view> value_of(const Header& header, std::string_view name)
{
    const auto at = header.last(name);
    if (!at) return std::nullopt;
    return header.fields[*at].value();
}

bool is_media_type(std::string_view type)
{
    const auto slash = type.find('/');
    return slash != std::string_view::npos && slash > 0 && slash + 1 < type.size();
}

std::string text_of(const Parameter& parameter)
{
    return parameter.is_utf8 ? parameter.value : decode_words(parameter.value);
}

std::string without_brackets(std::string_view value)
{
    skip_blanks_and_comments(value);
    if (value.starts_with('<')) {
        value.remove_prefix(1);
        value = value.substr(0, value.find('>'));
    }
    auto bare = unfolded(value);
    std::erase_if(bare, [](char c) { return c == ' ' || c == '\t'; });
    return make_utf8(bare);
}

std::vector<std::string> languages(std::string_view value)
{
    std::vector<std::string> tags;
    while (tags.size() < most_languages) {
        skip_blanks_and_comments(value);
        if (value.empty()) break;
        const auto tag = take_until_any(value, " \t\r\n,(");
        if (!tag.empty()) tags.push_back(make_utf8(tag));
        skip_blanks_and_comments(value);
        if (value.starts_with(',')) value.remove_prefix(1);
    }
    return tags;
}

void read_type(std::string_view value, PartFields& fields)
{
    const auto parsed = parse_content_field(value);
    if (is_media_type(parsed.value)) fields.type = make_utf8(parsed.value);
    if (!fields.is_text()) fields.charset.reset();
    if (const auto* charset = parsed.find("charset")) fields.charset = make_utf8(charset->value);
    if (const auto* name = parsed.find("name")) fields.name = text_of(*name);
    if (const auto* boundary = parsed.find("boundary"); boundary && fields.is_multipart())
        fields.boundary = trim_right(boundary->value);
}

}

PartFields read_part_fields(const Header& header, bool in_digest)
{
    PartFields fields;
    if (in_digest) fields.type = "message/rfc822";
    if (!fields.is_text()) fields.charset.reset();
    if (const auto type = value_of(header, "Content-Type")) {
        fields.type = "text/plain";
        fields.charset = "us-ascii";
        read_type(*type, fields);
    }
    if (const auto disposition = value_of(header, "Content-Disposition")) {
        const auto parsed = parse_content_field(*disposition);
        if (!parsed.value.empty()) fields.disposition = make_utf8(parsed.value);
        if (const auto* name = parsed.find("filename")) fields.name = text_of(*name);
    }
    if (const auto encoding = value_of(header, "Content-Transfer-Encoding"))
        fields.encoding = transfer_encoding_named(*encoding);
    if (const auto id = value_of(header, "Content-ID")) fields.cid = without_brackets(*id);
    if (const auto location = value_of(header, "Content-Location"))
        fields.location = without_brackets(*location);
    if (const auto language = value_of(header, "Content-Language"))
        fields.language = languages(*language);
    return fields;
}

}
