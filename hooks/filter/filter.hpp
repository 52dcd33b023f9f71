// Which events a scanner is to see (mta-hooks section 16): a tree of conditions, read and checked
// once, asked for each event. Pure.
#pragma once

#include "base/result.hpp"
#include "hooks/facts.hpp"
#include "hooks/message/message.hpp"

#include <boost/json/value.hpp>

#include <string_view>

namespace grapnel::hooks {

class Filter {
public:
    Filter() = default;   // everything matches
    // The file `filter` of a scanner; empty text: everything matches. A Failure says what is
    // wrong with it: "is deeper than 16".
    static Result<Filter> parse(std::string_view text);

    // message: nullptr where the stage has none.
    bool matches(const Facts& facts, const Message* message) const;

    // As a registration discloses it; null: there is none.
    const boost::json::value& json() const { return tree_; }

private:
    boost::json::value tree_;   // checked: every condition is known, every value of its type
};

}
