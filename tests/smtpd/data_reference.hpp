// The table of states of the text after 354, written down as plainly as can be: what the streaming
// decoder is compared with.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::test {

struct ReferenceText {
    std::string stored;    // up to the first fault
    bool bad = false;      // a CR or LF by itself
    std::size_t end = 0;   // octets that belong to it
};

// nullopt: it does not end in these octets.
inline std::optional<ReferenceText> reference_text(std::string_view wire)
{
    enum { bol, text, cr, dot, dotcr } state = bol;
    ReferenceText result;
    const auto keep = [&](char c) {
        if (!result.bad) result.stored += c;
    };
    for (std::size_t i = 0; i < wire.size(); ++i) {
        const char c = wire[i];
        const auto bad = [&](auto next) {
            result.bad = true;
            state = next;
        };
        if (state == dotcr && c == '\n') {
            result.end = i + 1;
            return result;
        }
        if (c == '\r')
            state == bol || state == text ? void(state = cr)
            : state == dot                ? void(state = dotcr)
                                          : bad(cr);
        else if (c == '\n' && state == cr)
            keep('\n'), state = bol;
        else if (c == '\n' || state == cr || state == dotcr)
            bad(text);
        else if (c == '.' && state == bol)
            state = dot;
        else
            keep(c), state = text;
    }
    return std::nullopt;
}

}
