#include "hooks/codec/json.hpp"

#include "hooks/values/utf8.hpp"

#include <boost/json/serializer.hpp>
#include <simdjson.h>

#include <array>

namespace grapnel::hooks {

namespace dom = simdjson::dom;

namespace {

// Where the string that begins at this quote ends: its other quote, or the end of the text.
std::size_t end_of_string(std::string_view text, std::size_t begin)
{
    for (auto quote = text.find('"', begin + 1); quote != text.npos;
         quote = text.find('"', quote + 1)) {
        auto before = quote;
        while (text[before - 1] == '\\') --before;
        if ((quote - before) % 2 == 0) return quote;
    }
    return text.size();
}

// simdjson takes memory for each bracket, comma and value before anybody can count them, so they
// are counted first; whether the text is JSON at all, it will say.
void survey(std::string_view text, ValueBuilder& into)
{
    std::size_t depth = 0, marks = 0;
    for (std::size_t n = 0; n < text.size() && !into.failed(); ++n) {
        switch (text[n]) {
        case '"':
            n = end_of_string(text, n);
            break;
        case '[':
        case '{':
            if (++depth > ValueBuilder::most_depth) into.fail("nested too deep");
            [[fallthrough]];
        case ',':
        case ':':
            // At most an opening bracket, a colon and a comma go with a value.
            if (++marks > 3 * ValueBuilder::most_values) into.fail("too many values");
            break;
        case ']':
        case '}':
            if (depth > 0) --depth;
            break;
        default:
            break;
        }
    }
}

// Depth is bounded: survey() has seen to it.
void add(const dom::element& element, ValueBuilder& into)
{
    switch (element.type()) {
    case dom::element_type::OBJECT:
        into.open_object();
        for (const auto member : dom::object(element)) {
            into.name(member.key);
            add(member.value, into);
            if (into.failed()) return;
        }
        return into.close();
    case dom::element_type::ARRAY:
        into.open_array();
        for (const auto item : dom::array(element)) {
            add(item, into);
            if (into.failed()) return;
        }
        return into.close();
    case dom::element_type::STRING:
        return into.text(std::string_view(element));
    case dom::element_type::INT64:
        return into.integer(std::int64_t(element));
    case dom::element_type::UINT64:
        return into.integer(std::uint64_t(element));
    case dom::element_type::DOUBLE:
        return into.number(double(element));
    case dom::element_type::BOOL:
        return into.scalar(bool(element));
    case dom::element_type::NULL_VALUE:
        return into.scalar(nullptr);
    }
}

}

void read_json(std::string_view text, ValueBuilder& into)
{
    survey(text, into);
    if (into.failed()) return;
    dom::parser parser;
    dom::element root;
    auto outcome = simdjson::EMPTY;
    {
        // simdjson reads beyond the end; once it has parsed, the copy is of no use.
        const simdjson::padded_string padded(text);
        outcome = parser.parse(padded).get(root);
    }
    if (outcome != simdjson::SUCCESS) return into.fail("no JSON");
    add(root, into);
}

// Twice, the first time to know how much: text that grows is in memory twice while it does.
std::string write_json(const boost::json::value& value, std::size_t more)
{
    std::array<char, 16384> room;
    boost::json::serializer serializer;
    std::size_t size = 0;
    serializer.reset(&value);
    while (!serializer.done()) size += serializer.read(room.data(), room.size()).size();
    std::string text;
    text.reserve(size + more);
    serializer.reset(&value);
    while (!serializer.done()) text += serializer.read(room.data(), room.size());
    if (!is_utf8(text)) return make_utf8(text);
    return text;
}

}
