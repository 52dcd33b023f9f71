#include "hooks/codec/cbor.hpp"
#include "hooks/codec/cbor_tokens.hpp"
#include "hooks/values/utf8.hpp"

#include <optional>
#include <vector>

namespace grapnel::hooks {

namespace {

using Kind = CborToken::Kind;

class Reader {
public:
    Reader(std::string_view bytes, ValueBuilder& into) : tokens_(bytes), into_(into) {}
    void read();

private:
    // An array or map whose end is yet to come. As deep as ValueBuilder allows.
    struct Open {
        bool is_map, counted;
        std::uint64_t left;   // items or pairs, where they are counted
        bool name_due;
    };

    void skip_mark();
    void item();
    void name(const CborToken& token);
    void value(const CborToken& token);
    void open(Open container);
    void end_value();
    void stop();
    std::optional<std::string_view> string(const CborToken& token);

    CborTokens tokens_;
    ValueBuilder& into_;
    std::vector<Open> open_;
    std::string pieces_;            // of a string of indefinite length
    std::size_t piece_count_ = 0;   // of all such strings
};

void Reader::read()
{
    skip_mark();
    do item();
    while (!open_.empty() && !into_.failed());
    if (!tokens_.left().empty()) into_.fail("more behind the end");
}

// RFC 8949 3.4.6: tag 55799 says that this is CBOR, and nothing else.
void Reader::skip_mark()
{
    auto ahead = tokens_;
    const auto token = ahead.next();
    if (token && token->kind == Kind::tag && token->number == 55799) tokens_ = ahead;
}

void Reader::item()
{
    const auto token = tokens_.next();
    if (!token) return into_.fail("no CBOR, or cut short");
    if (token->kind == Kind::stop) return stop();
    if (!open_.empty() && open_.back().name_due) return name(*token);
    value(*token);
}

void Reader::name(const CborToken& token)
{
    if (token.kind != Kind::text && token.kind != Kind::open_text)
        return into_.fail("a name that is no text");
    const auto text = string(token);
    if (!text) return;
    into_.name(*text);
    open_.back().name_due = false;
}

void Reader::value(const CborToken& token)
{
    switch (token.kind) {
    case Kind::array:
        return open({false, true, token.number, false});
    case Kind::map:
        return open({true, true, token.number, true});
    case Kind::open_array:
        return open({false, false, 0, false});
    case Kind::open_map:
        return open({true, false, 0, true});
    case Kind::bytes:
    case Kind::open_bytes:
        if (const auto bytes = string(token)) into_.bytes(*bytes);
        break;
    case Kind::text:
    case Kind::open_text:
        if (const auto text = string(token)) into_.text(*text);
        break;
    case Kind::positive:
        into_.integer(token.number);
        break;
    case Kind::negative:
        if (token.number > INT64_MAX)
            into_.number(-1 - static_cast<double>(token.number));
        else
            into_.integer(-1 - static_cast<std::int64_t>(token.number));
        break;
    case Kind::real:
        into_.number(token.real);
        break;
    case Kind::boolean:
        into_.scalar(token.number != 0);
        break;
    case Kind::null:
        into_.scalar(nullptr);
        break;
    case Kind::tag:
        return into_.fail("a tag");
    case Kind::undefined:
    case Kind::stop:
        return into_.fail("an undefined value");
    }
    end_value();
}

// Nothing is shorter than an octet: a container cannot have more items than octets are left.
void Reader::open(Open container)
{
    if (container.left > tokens_.left().size() / (container.is_map ? 2 : 1))
        return into_.fail("a length beyond the end");
    if (container.is_map)
        into_.open_object();
    else
        into_.open_array();
    if (into_.failed()) return;
    open_.push_back(container);
    if (!container.counted || container.left != 0) return;
    into_.close();
    open_.pop_back();
    end_value();
}

// A value is whole: so may be what it is the last one of.
void Reader::end_value()
{
    while (!open_.empty()) {
        auto& container = open_.back();
        container.name_due = container.is_map;
        if (!container.counted || --container.left != 0) return;
        into_.close();
        open_.pop_back();
    }
}

void Reader::stop()
{
    if (open_.empty() || open_.back().counted || open_.back().is_map != open_.back().name_due)
        return into_.fail("a break out of place");
    into_.close();
    open_.pop_back();
    end_value();
}

// Each piece of text is UTF-8 by itself (RFC 8949 3.2.3).
std::optional<std::string_view> Reader::string(const CborToken& token)
{
    if (token.kind == Kind::text || token.kind == Kind::bytes) return token.content;
    const auto kind = token.kind == Kind::open_text ? Kind::text : Kind::bytes;
    pieces_.clear();
    while (const auto piece = tokens_.next()) {
        if (piece->kind == Kind::stop) return pieces_;
        if (++piece_count_ > ValueBuilder::most_values) break;
        if (piece->kind != kind || (kind == Kind::text && !is_utf8(piece->content))) break;
        pieces_ += piece->content;
    }
    into_.fail("a string in pieces that do not fit");
    return std::nullopt;
}

}

void read_cbor(std::string_view bytes, ValueBuilder& into) { Reader(bytes, into).read(); }

}
