// Content-Type, Content-Disposition: a value and its parameters (RFC 2045 5.1, RFC 2231), read with
// tolerance. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

struct Parameter {
    std::string value;   // octets as written, or UTF-8 where RFC 2231 gave a charset
    bool is_utf8 = false;
    // Where it stands in the field's value, quotes included, if one plain piece says it all.
    std::optional<std::size_t> begin = {};
    std::size_t size = 0;
};

struct ContentField {
    std::string value;   // lower case: "text/plain", "attachment"
    std::map<std::string, Parameter, std::less<>> parameters;   // by lower-case name

    const Parameter* find(std::string_view name) const;
};
ContentField parse_content_field(std::string_view value);

}
