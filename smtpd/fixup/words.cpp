#include "smtpd/fixup/words.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace grapnel::smtpd {

namespace {
constexpr std::array<std::string_view, 8> names{"date",        "message-id", "sender", "bcc",
                                                "return-path", "domains",    "fold",   "mime"};
}

FixupWords FixupWords::parse(const std::optional<std::vector<std::string>>& lines,
                             std::vector<std::string>& unknown)
{
    FixupWords words;
    if (!lines) {
        words.set_.set();
        return words;
    }
    for (const auto& line : *lines)
        for (const auto word : split(line, ' ')) {
            const auto found = std::find(names.begin(), names.end(), word);
            if (found != names.end())
                words.set_.set(static_cast<std::size_t>(found - names.begin()));
            else if (!word.empty() && word != "none")
                unknown.emplace_back(word);
        }
    return words;
}

}
