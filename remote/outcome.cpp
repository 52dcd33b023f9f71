#include "remote/outcome.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace grapnel::remote {

namespace {

// RFC 5248 and the registry: what a bare code most likely meant.
constexpr std::array<std::pair<int, std::string_view>, 22> usual{{
    {421, "4.3.2"}, {450, "4.2.0"}, {451, "4.3.0"}, {452, "4.3.1"},  {454, "4.7.0"}, {455, "4.5.4"},
    {500, "5.5.2"}, {501, "5.5.4"}, {502, "5.5.1"}, {503, "5.5.1"},  {504, "5.5.4"}, {521, "5.3.2"},
    {530, "5.7.0"}, {534, "5.7.9"}, {535, "5.7.8"}, {550, "5.1.1"},  {551, "5.1.6"}, {552, "5.2.2"},
    {553, "5.1.3"}, {554, "5.0.0"}, {555, "5.5.4"}, {556, "5.1.10"},
}};

char class_digit(const Reply& reply)
{
    switch (fate_of(reply)) {
    case Fate::relayed:
        return '2';
    case Fate::temporary:
        return '4';
    case Fate::permanent:
        return '5';
    }
    return '4';
}

// RFC 2034 4: class "." subject "." detail, up to three digits each of the latter.
std::optional<std::string_view> leading_status(std::string_view text)
{
    const auto word = text.substr(0, text.find(' '));
    const auto parts = split(word, '.');
    if (parts.size() != 3 || parts[0].size() != 1) return std::nullopt;
    for (const auto part : parts)
        if (part.empty() || part.size() > 3 || !std::all_of(part.begin(), part.end(), is_digit))
            return std::nullopt;
    return word;
}

}

Fate fate_of(const Reply& reply)
{
    if (reply.code >= 200 && reply.code < 400) return Fate::relayed;
    return reply.code >= 500 && reply.code < 600 ? Fate::permanent : Fate::temporary;
}

std::string status_of(const Reply& reply)
{
    const char wanted = class_digit(reply);
    if (!reply.lines.empty())
        if (const auto found = leading_status(reply.lines.front());
            found && found->front() == wanted)
            return std::string(*found);
    const auto entry = std::find_if(usual.begin(), usual.end(),
                                    [&](const auto& pair) { return pair.first == reply.code; });
    if (entry != usual.end()) return std::string(entry->second);
    return std::string(1, wanted) + ".0.0";
}

std::string readable(std::string_view raw)
{
    constexpr std::size_t longest = 5000;
    std::string text;
    for (const char c : raw.substr(0, std::min(raw.size(), longest + 1000))) {
        if (c == '\r' || text.size() == longest) continue;
        text += c == '\n' || (c >= 32 && c <= 126) ? c : '?';
    }
    return text;
}

Outcome said(const Reply& reply, std::string_view raw, std::string words)
{
    return {fate_of(reply), status_of(reply),
            std::move(words) + "\nRemote host said: " + std::string(raw)};
}

Outcome refused(const Reply& reply, std::string_view raw, std::string words)
{
    auto outcome = said(reply, raw, std::move(words));
    if (outcome.fate == Fate::relayed) outcome = {Fate::temporary, "4.5.0", outcome.text};
    return outcome;
}

Outcome bare_cr_outcome()
{
    return {
        Fate::permanent, "5.6.0",
        "The message has a carriage return without a line feed; that cannot be sent. (#5.6.0)\n"};
}

bool means_too_many_recipients(const Reply& reply)
{
    if (reply.code != 552) return false;
    const auto text = lower(reply.text());
    return text.starts_with("5.5.3") || text.starts_with("4.5.3") ||
           text.find("too many recipients") != std::string::npos;
}

}
