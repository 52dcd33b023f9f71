// What a request can hold (mta-hooks 7.2): the one table of properties, by name, direction and
// where each comes from. Knows no serialization and no messages.
#pragma once

#include "hooks/facts.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace grapnel::hooks {

enum class PropertySource : std::uint8_t { facts, message, raw_message };

struct Property {
    std::string_view name;
    bool inbound = true, outbound = true;
    bool always = false;     // sent whether it was negotiated or not (C26)
    bool nullable = false;   // null where there is none, else left out (C28)
    PropertySource source = PropertySource::facts;
    boost::json::value (*of)(const Facts&) = nullptr;   // null: there is none

    bool is_for(Direction direction) const
    {
        return direction == Direction::inbound ? inbound : outbound;
    }
};

std::span<const Property> properties();

}
