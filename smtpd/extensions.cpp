#include "smtpd/extensions.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace grapnel::smtpd {

namespace {
// In the order of the enumeration, and of EHLO's reply.
constexpr std::array<std::string_view, 8> keywords{
    "PIPELINING", "8BITMIME", "SIZE", "ENHANCEDSTATUSCODES", "STARTTLS", "VRFY", "EXPN", "HELP"};

// "+KEY", "-KEY", "KEY:CONDITION".
struct Word {
    std::string_view key = {}, condition = {};
    bool on = true;
};

std::optional<Word> parse(std::string_view text)
{
    Word word;
    if (text.starts_with('+') || text.starts_with('-')) {
        word.on = text[0] == '+';
        word.key = text.substr(1);
    } else {
        const auto colon = text.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        word.key = text.substr(0, colon);
        word.condition = text.substr(colon + 1);
        if (word.condition != "tls" && word.condition != "auth") return std::nullopt;
    }
    return word.key.empty() ? std::nullopt : std::optional(word);
}

}

Extensions::Extensions()
{
    set_.set();
    set_.reset(static_cast<std::size_t>(Extension::expn));
}

bool Extensions::apply(std::string_view word)
{
    const auto what = parse(word);
    if (!what) return false;
    if (!what->on && equal_ignoring_case(what->key, "ALL")) {
        set_.reset();
        return true;
    }
    const auto found =
        std::find_if(keywords.begin(), keywords.end(), [&what](std::string_view keyword) {
            return equal_ignoring_case(keyword, what->key);
        });
    if (found == keywords.end()) return !what->on;   // what is never offered may be switched off
    const auto index = static_cast<std::size_t>(found - keywords.begin());
    if (what->on && static_cast<Extension>(index) == Extension::expn) return false;
    set_.set(index, what->on);
    need_tls_.set(index, what->condition == "tls");
    need_auth_.set(index, what->condition == "auth");
    return true;
}

// RFC 3207 4.2: not shown within TLS.
Extensions Extensions::offered(bool in_tls, bool authenticated) const
{
    Extensions result = *this;
    if (!in_tls) result.set_ &= ~need_tls_;
    if (!authenticated) result.set_ &= ~need_auth_;
    if (in_tls) result.switch_off(Extension::starttls);
    return result;
}

void Extensions::apply(const std::vector<std::string>& words, std::vector<std::string>* bad)
{
    for (const auto& word : words)
        if (!apply(word) && bad) bad->push_back(word);
}

std::vector<std::string> ehlo_lines(const Extensions& offered, unsigned long long databytes,
                                    bool classic)
{
    if (classic) return {"PIPELINING", "8BITMIME"};
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < keywords.size(); ++i) {
        const auto extension = static_cast<Extension>(i);
        if (!offered.has(extension) || extension == Extension::vrfy) continue;
        lines.emplace_back(keywords[i]);
        if (extension == Extension::size && databytes > 0)
            lines.back() += ' ' + std::to_string(databytes);
    }
    return lines;
}

}
