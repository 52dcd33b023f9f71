#include "hooks/message/part_text.hpp"

#include "hooks/message/charset.hpp"
#include "hooks/message/charset_names.hpp"
#include "hooks/message/lines.hpp"

namespace grapnel::hooks {

namespace {

Octets octets_of(TransferEncoding encoding, std::string_view content, bool binary)
{
    if (binary && is_plain(encoding)) return {std::string(content), false};
    return decode_transfer(encoding, content);
}

PartText decoded(const PartFields& fields, std::string_view content, bool binary)
{
    const auto charset = fields.charset.value_or("us-ascii");
    const auto known = charset_named(charset);
    // Lines that need no decoding have LF already.
    if (!binary && is_plain(fields.encoding) && (!known || known->keeps_ascii)) {
        auto characters = to_utf8(content, charset);
        return {std::move(characters.text), characters.problem};
    }
    const auto octets = octets_of(fields.encoding, content, binary);
    auto characters = to_utf8(octets.bytes, charset);
    drop_carriage_returns(characters.text);
    return {std::move(characters.text), octets.problem || characters.problem};
}

}

Octets part_octets(const Structure& structure, const Part& part)
{
    return octets_of(part.fields.encoding, structure.content(part), structure.binary);
}

std::uint64_t part_size(const Structure& structure, const Part& part)
{
    const bool as_it_is =
        is_plain(part.fields.encoding) || part.fields.encoding == TransferEncoding::unknown;
    const auto content = structure.content(part);
    if (as_it_is) return structure.binary ? content.size() : crlf_size(content);
    return part_octets(structure, part).bytes.size();
}

PartText part_text(const Structure& structure, const Part& part)
{
    return decoded(part.fields, structure.content(part), structure.binary);
}

PartText beginning_of_text(const Structure& structure, const Part& part, std::size_t most)
{
    return decoded(part.fields, structure.content(part).substr(0, most), structure.binary);
}

}
