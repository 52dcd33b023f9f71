#include "hooks/message/content_field.hpp"

#include "base/text.hpp"
#include "hooks/message/charset.hpp"
#include "hooks/message/lexemes.hpp"
#include "hooks/message/transfer_encoding.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace grapnel::hooks {

namespace {

constexpr std::size_t most_parameters = 1000;
constexpr std::string_view white = " \t\r\n";

// "name*2*=x": one piece of a parameter.
struct Piece {
    std::string name, text;
    std::optional<unsigned> number = {};
    bool is_encoded = false;   // %XX, and in the first piece charset'language'
    std::size_t begin = 0, size = 0;
};

std::string take_value(std::string_view& text)
{
    if (text.starts_with('"')) return take_quoted(text);
    // Many write file names without quotes: up to the semicolon, less a comment after a blank.
    auto plain = take_until_any(text, ";");
    for (const std::string_view comment : {" (", "\t(", "\n("})
        plain = plain.substr(0, plain.find(comment));
    return std::string(plain.substr(0, plain.find_last_not_of(white) + 1));
}

Piece take_piece(std::string_view& text, std::string_view whole)
{
    Piece piece;
    auto name = lower(trim(take_until_any(text, "=;")));
    if (!text.starts_with('=')) return piece;
    text.remove_prefix(1);
    skip_blanks_and_comments(text);
    if (name.ends_with('*')) {
        piece.is_encoded = true;
        name.pop_back();
    }
    if (const auto star = name.find('*'); star != std::string::npos) {
        piece.number = parse_number<unsigned>(std::string_view(name).substr(star + 1));
        if (!piece.number) return piece;
        name.resize(star);
    }
    const auto rest = text.size();
    piece.begin = whole.size() - rest;
    const auto end_of_plain = text.substr(0, text.find(';'));
    const bool quoted = text.starts_with('"');
    piece.text = take_value(text);
    piece.size = quoted ? rest - text.size() : std::min(piece.text.size(), end_of_plain.size());
    piece.name = std::move(name);
    return piece;
}

std::string percent_decoded(std::string_view text)
{
    std::string octets;
    for (std::size_t n = 0; n < text.size(); ++n) {
        const bool has_two = text[n] == '%' && n + 2 < text.size();
        const int high = has_two ? hexadecimal_digit(text[n + 1]) : -1;
        const int low = has_two ? hexadecimal_digit(text[n + 2]) : -1;
        if (high < 0 || low < 0) {
            octets += text[n];
            continue;
        }
        octets += static_cast<char>(high * 16 + low);
        n += 2;
    }
    return octets;
}

// pieces: of one name, by number. A gap ends it.
Parameter joined(const std::vector<Piece>& pieces)
{
    Parameter parameter;
    std::string charset;
    unsigned next = 0;
    for (const auto& piece : pieces) {
        if (piece.number.value_or(0) != next++) break;
        std::string_view text = piece.text;
        if (piece.is_encoded && next == 1) {
            const auto charset_end = text.find('\'');
            const auto language_end = charset_end == std::string_view::npos
                                          ? charset_end
                                          : text.find('\'', charset_end + 1);
            if (language_end != std::string_view::npos) {
                charset = text.substr(0, charset_end);
                text.remove_prefix(language_end + 1);
            }
        }
        parameter.value += piece.is_encoded ? percent_decoded(text) : std::string(text);
    }
    if (charset.empty()) return parameter;
    return {to_utf8(parameter.value, charset).text, true};
}

// RFC 2231's forms come before a plain one: that is for those who do not know them.
Parameter parameter_of(std::vector<Piece> pieces)
{
    const auto is_plain = [](const Piece& piece) { return !piece.is_encoded && !piece.number; };
    const auto first_plain = std::stable_partition(
        pieces.begin(), pieces.end(), [&](const Piece& piece) { return !is_plain(piece); });
    if (first_plain == pieces.begin()) {
        Parameter plain{pieces.front().text};
        if (pieces.size() == 1) plain.begin = pieces.front().begin;
        plain.size = pieces.front().size;
        return plain;
    }
    pieces.erase(first_plain, pieces.end());
    std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
        return a.number.value_or(0) < b.number.value_or(0);
    });
    return joined(pieces);
}

std::string take_media_type(std::string_view& text)
{
    skip_blanks_and_comments(text);
    std::string value(take_until_any(text, " \t\r\n;(/"));
    skip_blanks_and_comments(text);
    if (!text.starts_with('/')) return value;
    text.remove_prefix(1);
    skip_blanks_and_comments(text);
    return (value += '/').append(take_until_any(text, " \t\r\n;("));
}

}

const Parameter* ContentField::find(std::string_view name) const
{
    const auto found = parameters.find(name);
    return found == parameters.end() ? nullptr : &found->second;
}

ContentField parse_content_field(std::string_view value)
{
    ContentField field;
    auto rest = value;
    field.value = lower(take_media_type(rest));
    skip_blanks_and_comments(rest);
    std::map<std::string, std::vector<Piece>> pieces;
    for (std::size_t count = 0; count < most_parameters && !rest.empty(); ++count) {
        // Some forget the semicolon before the first.
        if (rest.starts_with(';')) rest.remove_prefix(1);
        skip_blanks_and_comments(rest);
        if (rest.starts_with(';')) continue;
        auto piece = take_piece(rest, value);
        if (!piece.name.empty()) pieces[piece.name].push_back(std::move(piece));
        take_until_any(rest, ";");
    }
    for (auto& [name, of_name] : pieces)
        field.parameters.emplace(name, parameter_of(std::move(of_name)));
    return field;
}

}
