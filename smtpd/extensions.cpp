#include "smtpd/extensions.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel::smtpd {

namespace {
// In the order of the enumeration, and of EHLO's reply.
constexpr std::array<std::string_view, 7> keywords{
    "PIPELINING", "8BITMIME", "SIZE", "ENHANCEDSTATUSCODES", "VRFY", "EXPN", "HELP"};
}

Extensions::Extensions()
{
    set_.set();
    set_.reset(static_cast<std::size_t>(Extension::expn));
}

bool Extensions::apply(std::string_view word)
{
    if (word.size() < 2 || (word[0] != '+' && word[0] != '-')) return false;
    const bool on = word[0] == '+';
    const auto name = word.substr(1);
    if (!on && equal_ignoring_case(name, "ALL")) {
        set_.reset();
        return true;
    }
    const auto found =
        std::find_if(keywords.begin(), keywords.end(), [name](std::string_view keyword) {
            return equal_ignoring_case(keyword, name);
        });
    if (found == keywords.end()) return !on;   // what is never offered may be switched off
    const auto index = static_cast<std::size_t>(found - keywords.begin());
    if (on && static_cast<Extension>(index) == Extension::expn) return false;
    set_.set(index, on);
    return true;
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
