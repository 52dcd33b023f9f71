#include "smtpd/lax.hpp"

#include <algorithm>
#include <array>

namespace grapnel::smtpd {

namespace {
// In the order of the enumeration.
constexpr std::array<std::string_view, 17> names{
    "nohelo",    "barehelo",  "remail",   "laxpath",   "nodomain",  "controls",
    "params",    "openrelay", "lateuser", "barelf451", "barelffix", "barecr",
    "barelfcmd", "received",  "nolimits", "expn502",   "qmail"};
}

LaxWords LaxWords::parse(const std::vector<std::string>& words, bool from_environment,
                         std::vector<std::string>* unknown)
{
    LaxWords result;
    for (const auto& word : words) {
        const auto found = std::find(names.begin(), names.end(), word);
        const auto which = static_cast<Lax>(found - names.begin());
        if (found == names.end() || (which == Lax::barelfcmd && !from_environment)) {
            if (unknown) unknown->push_back(word);
            continue;
        }
        result.add(which);
        if (which != Lax::qmail) continue;
        for (std::size_t i = 0; i < names.size(); ++i)
            if (const auto each = static_cast<Lax>(i);
                each != Lax::barelffix && each != Lax::lateuser)
                result.add(each);
    }
    return result;
}

}
