#include "hooks/message/encoded_word.hpp"

#include "base/text.hpp"
#include "hooks/message/charset.hpp"
#include "hooks/message/charset_names.hpp"
#include "hooks/message/transfer_encoding.hpp"
#include "hooks/values/base64.hpp"
#include "hooks/values/utf8.hpp"

#include <algorithm>
#include <optional>

namespace grapnel::hooks {

namespace {

constexpr std::string_view white = " \t";
constexpr std::size_t longest_word = 75, longest_line = 76;

bool is_control(char c) { return (c >= 0 && c <= 32) || c == 127; }
bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_ascii_text(char c) { return c >= 32 && c < 127; }

struct Word {
    std::string charset, octets;
    bool strict = true;   // as RFC 2047 wants it, not only readable
};

std::optional<std::string> decode_q(std::string_view text)
{
    std::string octets;
    for (std::size_t n = 0; n < text.size(); ++n) {
        if (text[n] != '=') {
            octets += text[n] == '_' ? ' ' : text[n];
            continue;
        }
        if (n + 2 >= text.size()) return std::nullopt;
        const int high = hexadecimal_digit(text[n + 1]), low = hexadecimal_digit(text[n + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        octets += static_cast<char>(high * 16 + low);
        n += 2;
    }
    return octets;
}

// token: a whole one, from blank to blank.
std::optional<Word> parse_word(std::string_view token)
{
    if (token.size() < 6 || !token.starts_with("=?") || !token.ends_with("?=")) return std::nullopt;
    // Octets above 127 are wrong there, and frequent.
    if (std::any_of(token.begin(), token.end(), is_control)) return std::nullopt;
    const auto parts = split(token.substr(2, token.size() - 4), '?');
    if (parts.size() != 3 || parts[1].size() != 1) return std::nullopt;
    Word word;
    word.charset = lower(parts[0].substr(0, parts[0].find('*')));
    if (!charset_named(word.charset)) return std::nullopt;
    if (lower(parts[1][0]) == 'q') {
        auto octets = decode_q(parts[2]);
        if (!octets) return std::nullopt;
        word.octets = std::move(*octets);
    } else if (lower(parts[1][0]) == 'b') {
        word.strict = append_base64(parts[2], word.octets);
    } else {
        return std::nullopt;
    }
    word.strict = word.strict && token.size() <= longest_word &&
                  std::none_of(token.begin(), token.end(), is_high);
    return word;
}

std::string without_controls(std::string text)
{
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; });
    return text;
}

// Words of one charset next to each other are decoded together: a character may be cut in two.
class Decoder {
public:
    void add(std::string_view blanks, std::string_view token)
    {
        auto word = parse_word(token);
        if (!word) {
            flush();
            text_.append(blanks).append(make_utf8(token));
            return;
        }
        if (!waiting_) text_ += blanks;
        if (waiting_ && waiting_->charset == word->charset) {
            waiting_->octets += word->octets;
            return;
        }
        flush();
        waiting_ = std::move(word);
    }

    std::string finish()
    {
        flush();
        return std::move(text_);
    }

private:
    void flush()
    {
        if (waiting_) text_ += without_controls(to_utf8(waiting_->octets, waiting_->charset).text);
        waiting_.reset();
    }

    std::string text_;
    std::optional<Word> waiting_;
};

std::string_view take_blanks(std::string_view& text)
{
    const auto blanks = text.substr(0, std::min(text.find_first_not_of(white), text.size()));
    text.remove_prefix(blanks.size());
    return blanks;
}

std::string_view take_token(std::string_view& text)
{
    const auto token = text.substr(0, std::min(text.find_first_of(white), text.size()));
    text.remove_prefix(token.size());
    return token;
}

// "=?" and three more "?", the last before "=", without a blank between.
bool has_shape_of_word(std::string_view text)
{
    std::size_t marks = 0;
    for (std::size_t n = 2; n < text.size() && white.find(text[n]) == std::string_view::npos; ++n)
        if (text[n] == '?' && ++marks == 3) return n + 1 < text.size() && text[n + 1] == '=';
    return false;
}

bool needs_encoding(std::string_view token)
{
    return token.find("=?") != std::string_view::npos ||
           !std::all_of(token.begin(), token.end(), is_ascii_text);
}

bool stays_in_q(char c) { return is_letter(c) || is_digit(c) || c == '!' || c == '*' || c == '-'; }

std::string q(std::string_view text)
{
    constexpr std::string_view hexadecimal = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (c == ' ')
            encoded += '_';
        else if (stays_in_q(c))
            encoded += c;
        else
            (encoded += '=').append({hexadecimal[octet >> 4], hexadecimal[octet & 15U]});
    }
    return encoded;
}

std::size_t q_size(std::string_view text)
{
    const auto plain = static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return c == ' ' || stays_in_q(c); }));
    return plain + 3 * (text.size() - plain);
}

// How many octets of text, whole characters, make a word of at most room octets; one at least.
std::size_t fitting(std::string_view text, bool in_q, std::size_t room)
{
    constexpr std::size_t frame = std::string_view("=?UTF-8?Q?").size() + 2;
    std::size_t taken = 0, size = 0;
    while (taken < text.size()) {
        std::size_t next = taken + 1;
        while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0U) == 0x80)
            ++next;
        size += q_size(text.substr(taken, next - taken));
        const auto encoded = in_q ? size : (next + 2) / 3 * 4;
        if (taken > 0 && frame + encoded > room) break;
        taken = next;
    }
    return taken;
}

std::string encode_run(std::string_view run, std::size_t column)
{
    const bool in_q = q_size(run) <= run.size() * 2;   // most of it can be read as it is
    std::string words;
    while (!run.empty()) {
        const auto room = column < longest_line - 24 ? longest_line - column : longest_word;
        const auto part = run.substr(0, fitting(run, in_q, std::min(room, longest_word)));
        run.remove_prefix(part.size());
        words += in_q ? "=?UTF-8?Q?" + q(part) : "=?UTF-8?B?" + base64(part);
        words += run.empty() ? "?=" : "?=\n ";
        column = 1;
    }
    return words;
}

}

std::string decode_words(std::string_view text)
{
    Decoder decoder;
    for (;;) {
        const auto blanks = take_blanks(text);
        if (text.empty()) return decoder.finish().append(blanks);
        decoder.add(blanks, take_token(text));
    }
}

bool all_words_are_right(std::string_view text)
{
    for (take_blanks(text); !text.empty(); take_blanks(text)) {
        const auto token = take_token(text);
        for (auto at = token.find("=?"); at != std::string_view::npos;
             at = token.find("=?", at + 2)) {
            if (!has_shape_of_word(token.substr(at))) {
                if (at == 0) return false;   // begins like one, and never ends
                continue;
            }
            const auto end = token.find("?=", token.find('?', token.find('?', at + 2) + 1) + 1);
            const auto word = parse_word(token.substr(at, end + 2 - at));
            if (!word || !word->strict || to_utf8(word->octets, word->charset).problem)
                return false;
        }
    }
    return true;
}

bool needs_encoded_words(std::string_view text)
{
    for (take_blanks(text); !text.empty(); take_blanks(text))
        if (needs_encoding(take_token(text))) return true;
    return false;
}

std::string encode_phrase(std::string_view text, std::size_t column)
{
    return encode_run(text, column);
}

std::string encode_words(std::string_view text, std::size_t column)
{
    std::size_t begin = std::string_view::npos, end = 0;
    auto rest = text;
    for (take_blanks(rest); !rest.empty(); take_blanks(rest)) {
        const auto token = take_token(rest);
        if (!needs_encoding(token)) continue;
        end = text.size() - rest.size();
        begin = std::min(begin, end - token.size());
    }
    if (end == 0) return std::string(text);
    auto before = std::string(text.substr(0, begin));
    column += before.size();
    // A fold before the blank that stands there already.
    if (column > longest_line / 2 && before.find_first_not_of(white) != std::string::npos) {
        const auto blank = before.find_last_not_of(white) + 1;
        column = before.size() - blank;
        before.insert(blank, "\n");
    }
    return before + encode_run(text.substr(begin, end - begin), column) +
           std::string(text.substr(end));
}

}
