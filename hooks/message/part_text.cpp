#include "hooks/message/part_text.hpp"

#include "hooks/message/charset.hpp"
#include "hooks/message/charset_names.hpp"
#include "hooks/message/lines.hpp"

namespace grapnel::hooks {

namespace {

PartText decoded(const PartFields& fields, std::string_view content)
{
    const auto charset = fields.charset.value_or("us-ascii");
    const auto known = charset_named(charset);
    // Lines that need no decoding have LF already.
    if (is_plain(fields.encoding) && (!known || known->keeps_ascii)) {
        auto characters = to_utf8(content, charset);
        return {std::move(characters.text), characters.problem};
    }
    const auto octets = decode_transfer(fields.encoding, content);
    auto characters = to_utf8(octets.bytes, charset);
    drop_carriage_returns(characters.text);
    return {std::move(characters.text), octets.problem || characters.problem};
}

}

Octets part_octets(const Structure& structure, const Part& part)
{
    return decode_transfer(part.fields.encoding, structure.content(part));
}

std::uint64_t part_size(const Structure& structure, const Part& part)
{
    const bool as_it_is =
        is_plain(part.fields.encoding) || part.fields.encoding == TransferEncoding::unknown;
    if (as_it_is) return crlf_size(structure.content(part));
    return part_octets(structure, part).bytes.size();
}

PartText part_text(const Structure& structure, const Part& part)
{
    return decoded(part.fields, structure.content(part));
}

PartText beginning_of_text(const Structure& structure, const Part& part, std::size_t most)
{
    return decoded(part.fields, structure.content(part).substr(0, most));
}

}
