#include "local/tools/glance.hpp"

#include "base/mail/header.hpp"
#include "base/sys/file.hpp"

#include <algorithm>

namespace grapnel::local {

namespace {

constexpr std::size_t longest_header = 1 << 20;   // what is beyond that is body

void append(std::string& text, std::string_view more, std::size_t width)
{
    if (text.size() < width) text += more.substr(0, width - text.size());
}

// Blanks and line ends before it are gone; its own line end is there.
std::string_view value_of(std::string_view field)
{
    auto value = field_value(field);
    value.remove_prefix(std::min(value.find_first_not_of(" \t\r\n"), value.size()));
    return value;
}

std::string without_last(std::string_view text)
{
    return std::string(text.substr(0, text.empty() ? 0 : text.size() - 1));
}

void take_field(Glance& glance, std::string field, std::size_t width)
{
    if (!field.ends_with('\n')) field += '\n';
    const auto value = value_of(field);
    if (is_field(field, "Subject")) append(glance.text, value, width);
    if (is_field(field, "From")) glance.from = without_last(field);
    if (value.empty()) return;
    if (is_field(field, "Delivered-To")) glance.recipient = without_last(value);
    if (is_field(field, "Return-Path")) glance.sender = without_last(value);
}

}

Glance glance_at(int file, std::string text, std::size_t width, std::string_view unknown)
{
    Glance glance{std::move(text), std::string(unknown), std::string(unknown), {}};
    Reader input(file, 16384);
    HeaderSplitter header(longest_header, HeaderSplitter::FromLines::are_fields);
    for (bool in_header = true; in_header;) {
        auto bytes = input.available();
        const auto size = bytes.size();
        const auto step = size == 0 ? header.finish() : header.take(bytes);
        input.consume(size - bytes.size());
        if (step == HeaderSplitter::Step::field) take_field(glance, header.field(), width);
        in_header = step == HeaderSplitter::Step::field || step == HeaderSplitter::Step::more;
    }
    if (header.empty_line() || !header.rest().empty()) append(glance.text, "\n", width);
    append(glance.text, header.rest(), width);
    char last = header.rest().empty() ? '\n' : header.rest().back();
    for (auto bytes = input.available(); !bytes.empty() && glance.text.size() < width;
         bytes = input.available()) {
        append(glance.text, bytes, width);
        last = bytes.back();
        input.consume(bytes.size());
    }
    if (last != '\n') append(glance.text, "\n", width);   // a last line is complete here
    return glance;
}

std::string tamed(std::string text, char instead)
{
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < 32 || c > 126; }, instead);
    return text;
}

}
