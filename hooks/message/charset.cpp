#include "hooks/message/charset.hpp"

#include "hooks/message/charset_names.hpp"
#include "hooks/values/utf8.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iconv.h>
#include <map>
#include <memory>

namespace grapnel::hooks {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t most_problems = 1000;   // each costs a call: more, and it is another charset

struct Close {
    void operator()(void* converter) const { ::iconv_close(converter); }
};
using Converter = std::unique_ptr<void, Close>;   // iconv_t is a pointer

// Opened once and kept. nullptr: the system has not this one.
iconv_t converter(const std::string& to, const std::string& from)
{
    static thread_local std::map<std::string, Converter> open;
    auto& entry = open[to + ' ' + from];
    if (!entry) {
        const auto opened = ::iconv_open(to.c_str(), from.c_str());
        // NOLINTNEXTLINE: iconv's way to say no
        if (opened != reinterpret_cast<iconv_t>(-1)) entry.reset(opened);
    }
    return entry.get();
}

struct Converted {
    std::string text;
    std::size_t problems = 0;
};

// What cannot be converted becomes substitute, octet by octet, up to limit of them.
Converted convert(iconv_t with, std::string_view octets, std::string_view substitute,
                  std::size_t limit)
{
    Converted converted;
    std::array<char, 16 * 1024> room;                // NOLINT: filled before it is read
    auto* from = const_cast<char*>(octets.data());   // NOLINT: iconv does not write there
    std::size_t left = octets.size();
    ::iconv(with, nullptr, nullptr, nullptr, nullptr);
    for (bool at_end = false; converted.problems <= limit;) {
        auto* to = room.data();
        std::size_t space = room.size();
        const auto done = at_end ? ::iconv(with, nullptr, nullptr, &to, &space)
                                 : ::iconv(with, &from, &left, &to, &space);
        const int error = errno;
        converted.text.append(room.data(), room.size() - space);
        if (done != static_cast<std::size_t>(-1)) {
            if (at_end) break;
            at_end = true;
        } else if (error != E2BIG) {
            ++converted.problems;
            converted.text += substitute;
            if (at_end) break;
            ++from;
            at_end = --left == 0;
        }
    }
    return converted;
}

}

Characters to_utf8(std::string_view octets, std::string_view charset)
{
    const auto known = charset_named(charset);
    const bool ascii = std::all_of(octets.begin(), octets.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!known || known->kind == Charset::Kind::ascii) return {make_utf8(octets), !known || !ascii};
    if (known->kind == Charset::Kind::utf8) return {make_utf8(octets), !is_utf8(octets)};
    const auto with = converter("UTF-8", known->reading);
    if (!with) return {make_utf8(octets), true};
    auto converted = convert(with, octets, replacement, most_problems);
    if (converted.problems > most_problems) return {make_utf8(octets), true};
    return {make_utf8(converted.text), converted.problems > 0};
}

std::optional<std::string> from_utf8(std::string_view text, std::string_view charset)
{
    const auto known = charset_named(charset);
    if (!known || !known->keeps_ascii) return std::nullopt;
    if (known->kind == Charset::Kind::utf8) return std::string(text);
    if (known->kind == Charset::Kind::ascii) {
        const bool fits = std::all_of(text.begin(), text.end(),
                                      [](char c) { return static_cast<unsigned char>(c) < 0x80; });
        return fits ? std::optional<std::string>(text) : std::nullopt;
    }
    const auto with = converter(known->writing, "UTF-8");
    if (!with) return std::nullopt;
    auto converted = convert(with, text, "", 0);
    if (converted.problems > 0) return std::nullopt;
    return std::move(converted.text);
}

void load_charsets()
{
    for (const auto& name : charsets_for_iconv()) {
        converter("UTF-8", name);
        converter(name, "UTF-8");
    }
}

}
