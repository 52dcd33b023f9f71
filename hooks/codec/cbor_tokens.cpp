#include "hooks/codec/cbor_tokens.hpp"

#include <cbor.h>

namespace grapnel::hooks {

namespace {

using Kind = CborToken::Kind;

CborToken& token(void* context) { return *static_cast<CborToken*>(context); }

template <Kind kind>
void simple(void* to)
{
    token(to).kind = kind;
}

template <Kind kind, class Number>
void number(void* to, Number value)
{
    token(to).kind = kind;
    token(to).number = value;
}

template <Kind kind>
void content(void* to, cbor_data data, std::size_t size)
{
    token(to).kind = kind;
    token(to).content = {reinterpret_cast<const char*>(data), size};
}

template <class Number>
void real(void* to, Number value)
{
    token(to).kind = Kind::real;
    token(to).real = static_cast<double>(value);
}

constexpr cbor_callbacks callbacks{
    .uint8 = number<Kind::positive>,
    .uint16 = number<Kind::positive>,
    .uint32 = number<Kind::positive>,
    .uint64 = number<Kind::positive>,
    .negint64 = number<Kind::negative>,
    .negint32 = number<Kind::negative>,
    .negint16 = number<Kind::negative>,
    .negint8 = number<Kind::negative>,
    .byte_string_start = simple<Kind::open_bytes>,
    .byte_string = content<Kind::bytes>,
    .string = content<Kind::text>,
    .string_start = simple<Kind::open_text>,
    .indef_array_start = simple<Kind::open_array>,
    .array_start = number<Kind::array>,
    .indef_map_start = simple<Kind::open_map>,
    .map_start = number<Kind::map>,
    .tag = number<Kind::tag>,
    .float2 = real<float>,
    .float4 = real<float>,
    .float8 = real<double>,
    .undefined = simple<Kind::undefined>,
    .null = simple<Kind::null>,
    .boolean = number<Kind::boolean>,
    .indef_break = simple<Kind::stop>,
};

}

std::optional<CborToken> CborTokens::next()
{
    CborToken found;
    const auto result = cbor_stream_decode(reinterpret_cast<cbor_data>(left_.data()), left_.size(),
                                           &callbacks, &found);
    if (result.status != CBOR_DECODER_FINISHED) return std::nullopt;
    left_.remove_prefix(result.read);
    return found;
}

}
