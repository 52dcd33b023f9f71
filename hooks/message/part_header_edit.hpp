// The fields of a part's header that say how its content is written: as ranges, too. Pure.
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

// A field's value with charset=utf-8 in place of the charset it names, or behind all it says. A
// Failure where that is said in more than one way.
Result<std::string> with_utf8(std::string_view content_type);

// What has to change. nullopt: stays as it is.
struct ContentFieldChanges {
    bool to_utf8 = false;
    std::optional<std::string_view> encoding = {};   // "quoted-printable"
    bool any() const { return to_utf8 || encoding; }
};

// header: the fields of a part, LF line ends, without the empty line behind them.
Result<std::string> changed_part_header(std::string_view header,
                                        const ContentFieldChanges& changes);

}
