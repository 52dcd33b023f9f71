// Members of a JSON object from a stranger, by name and type; what is of another type is an error
// that names the member. Pure.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

// what(): "MEMBER is missing", "MEMBER is no string" …
struct BadMember : std::runtime_error {
    using runtime_error::runtime_error;
};

class Members {
public:
    // Throws BadMember where the value is no object. name: what it is called in errors.
    Members(const boost::json::value& value, std::string name);

    // Required ones: text, where absent, throws. Optional ones: absent and null are the same.
    std::string text(std::string_view member) const;
    std::optional<std::string> text_if_there(std::string_view member) const;
    std::optional<std::uint64_t> number_if_there(std::string_view member) const;
    // Texts in an array; each at most 1,000 octets, 1,000 of them.
    std::vector<std::string> texts(std::string_view member) const;
    std::optional<std::vector<std::string>> texts_if_there(std::string_view member) const;
    Members object(std::string_view member) const;
    std::optional<Members> object_if_there(std::string_view member) const;

private:
    const boost::json::value* find(std::string_view member) const;   // nullptr: absent or null
    std::string called(std::string_view member) const { return name_ + std::string(member); }

    const boost::json::object* object_;
    std::string name_;
};

}
