#include "inject/address_list.hpp"

#include "base/mail/address.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace grapnel::inject {

namespace {

using Kind = Token::Kind;

constexpr std::pair<char, Kind> signs[] = {
    {'@', Kind::at},        {'.', Kind::dot},  {',', Kind::comma}, {':', Kind::colon},
    {';', Kind::semicolon}, {'<', Kind::left}, {'>', Kind::right}};

bool has_text(Kind kind) { return kind <= Kind::comment; }

std::optional<Kind> sign(char c)
{
    for (const auto& [known, kind] : signs)
        if (known == c) return kind;
    return std::nullopt;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool ends_atom(char c) { return is_blank(c) || sign(c) || c == '(' || c == '[' || c == '"'; }

// Such a byte in a word makes it one that must stand in quotes.
bool makes_quoted(char c) { return c < 32 || c > 126 || c == ')' || c == ']' || c == '\\'; }

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    std::optional<Tokens> run()
    {
        Tokens tokens;
        while (place_ < text_.size()) {
            const char c = text_[place_];
            if (is_blank(c)) {
                ++place_;
            } else if (const auto kind = sign(c)) {
                ++place_;
                tokens.push_back({*kind});
            } else if (c == ')' || c == ']') {
                return std::nullopt;
            } else if (auto token = word(c)) {
                tokens.push_back(std::move(*token));
            } else {
                return std::nullopt;
            }
        }
        return tokens;
    }

private:
    std::optional<Token> word(char first)
    {
        if (first == '(') return enclosed(Kind::comment, '(', ')');
        if (first == '"') return enclosed(Kind::quoted, '\0', '"');
        if (first == '[') return enclosed(Kind::literal, '\0', ']');
        return atom();
    }

    // Comments nest: the inner parentheses are dropped.
    std::optional<Token> enclosed(Kind kind, char open, char close)
    {
        Token token{kind};
        int depth = 1;
        for (++place_; place_ < text_.size(); ++place_) {
            char c = text_[place_];
            if (c == close) {
                if (--depth == 0) return ++place_, token;
                continue;
            }
            if (open != '\0' && c == open) {
                ++depth;
                continue;
            }
            if (c == '\\') {
                if (++place_ == text_.size()) break;
                c = text_[place_];
            }
            token.text += c;
        }
        return std::nullopt;
    }

    Token atom()
    {
        Token token{Kind::atom};
        do {
            if (text_[place_] == '\\' && ++place_ == text_.size()) break;
            token.text += text_[place_++];
        } while (place_ < text_.size() && !ends_atom(text_[place_]));
        if (std::any_of(token.text.begin(), token.text.end(), makes_quoted))
            token.kind = Kind::quoted;
        return token;
    }

    std::string_view text_;
    std::size_t place_ = 0;
};

void append_escaped(std::string& out, const Token& token)
{
    const auto open = token.kind == Kind::quoted ? "\"" : token.kind == Kind::literal ? "[" : "(";
    const auto close = token.kind == Kind::quoted ? "\"" : token.kind == Kind::literal ? "]" : ")";
    if (token.kind != Kind::atom) out += open;
    for (const char c : token.text) {
        if (std::string_view("\"[]()\\\r\n").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    if (token.kind != Kind::atom) out += close;
}

bool blank_between(Kind before, Kind after)
{
    if (before == Kind::colon || before == Kind::comma || after == Kind::left) return true;
    return has_text(before) && has_text(after);
}

// What follows a comma goes on the same line if the two fit in the width; the break between them
// counts as two columns.
class Lines {
public:
    explicit Lines(std::size_t width) : width_(width) {}
    void add(std::string_view segment)
    {
        if (line_.size() + 2 + segment.size() > width_ && started_) {
            done_ += line_ + "\n";
            line_ = " ";
        }
        line_ += segment;
        started_ = true;
    }
    std::string text() const { return done_ + line_; }

private:
    std::size_t width_;
    std::string done_, line_;
    bool started_ = false;
};

}

std::optional<Tokens> tokenize(std::string_view text) { return Lexer(text).run(); }

std::string print(const Tokens& tokens, std::size_t width)
{
    Lines lines(width);
    std::string segment;
    std::optional<Kind> before;
    for (const auto& token : tokens) {
        if (before && blank_between(*before, token.kind)) segment += ' ';
        before = token.kind;
        if (has_text(token.kind)) append_escaped(segment, token);
        for (const auto& [letter, kind] : signs)
            if (kind == token.kind) segment += letter;
        if (token.kind != Kind::comma) continue;
        lines.add(segment);
        segment.clear();
    }
    lines.add(segment);
    return lines.text();
}

std::string plain(const Tokens& tokens)
{
    std::string address;
    for (const auto& token : tokens) {
        for (const auto& [letter, kind] : signs)
            if (kind == token.kind) address += letter;
        if (token.kind == Kind::literal) address += '[' + token.text + ']';
        if (token.kind == Kind::atom || token.kind == Kind::quoted) address += token.text;
    }
    return address;
}

bool needs_quotes(std::string_view local)
{
    return std::any_of(local.begin(), local.end(),
                       [](char c) { return static_cast<unsigned char>(c) > 127; }) ||
           quote_local(local).starts_with('"');
}

std::string quoted(std::string_view address)
{
    const auto local = split_address(address).local;
    if (!needs_quotes(local) || quote_local(local) != local) return quote_address(address);
    return '"' + std::string(local) + '"' + std::string(address.substr(local.size()));
}

}
