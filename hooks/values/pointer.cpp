#include "hooks/values/pointer.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace {

constexpr std::size_t most_octets = 512, most_tokens = 16;

std::optional<std::string> unescape(std::string_view token)
{
    std::string plain;
    for (std::size_t n = 0; n < token.size(); ++n) {
        if (token[n] != '~') {
            plain += token[n];
            continue;
        }
        if (++n == token.size() || (token[n] != '0' && token[n] != '1')) return std::nullopt;
        plain += token[n] == '0' ? '~' : '/';
    }
    return plain;
}

void append_once(std::vector<Pointer>& list, const Pointer& pointer)
{
    if (std::find(list.begin(), list.end(), pointer) == list.end()) list.push_back(pointer);
}

}

std::optional<Pointer> Pointer::parse(std::string_view text)
{
    Pointer pointer;
    if (text.empty()) return pointer;
    if (text.size() > most_octets || text.front() != '/') return std::nullopt;
    for (const auto token : split(text.substr(1), '/')) {
        auto plain = unescape(token);
        if (!plain || pointer.tokens_.size() == most_tokens) return std::nullopt;
        pointer.tokens_.push_back(std::move(*plain));
    }
    return pointer;
}

Pointer Pointer::of(std::vector<std::string> tokens)
{
    Pointer pointer;
    pointer.tokens_ = std::move(tokens);
    return pointer;
}

std::string Pointer::text() const
{
    std::string text;
    for (const auto& token : tokens_) {
        text += '/';
        for (const char c : token) {
            if (c == '~')
                text += "~0";
            else if (c == '/')
                text += "~1";
            else
                text += c;
        }
    }
    return text;
}

bool Pointer::covers(const Pointer& other) const
{
    return tokens_.size() <= other.tokens_.size() &&
           std::equal(tokens_.begin(), tokens_.end(), other.tokens_.begin());
}

std::optional<std::size_t> array_index(std::string_view token)
{
    if (token.size() > 1 && token.front() == '0') return std::nullopt;
    return parse_number<std::size_t>(token);
}

bool covered(const Pointer& pointer, const std::vector<Pointer>& list)
{
    return std::any_of(list.begin(), list.end(),
                       [&](const Pointer& entry) { return entry.covers(pointer); });
}

std::vector<Pointer> intersection(const std::vector<Pointer>& a, const std::vector<Pointer>& b)
{
    std::vector<Pointer> both;
    for (const auto& wide : a) {
        if (covered(wide, b)) append_once(both, wide);
        for (const auto& entry : b)
            if (wide.covers(entry)) append_once(both, entry);
    }
    return both;
}

}
