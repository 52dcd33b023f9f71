// The members of JMAP's Email that come from header fields.
#pragma once

#include "hooks/message/field_forms.hpp"
#include "hooks/message/header_fields.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string_view>

namespace grapnel::hooks {

// "replyTo" is Reply-To in addresses form, and so on.
struct Convenience {
    std::string_view member, field;
    Form form;
};
const Convenience* convenience_named(std::string_view member);

boost::json::value all_headers(const Header& header);
// The last field of that name; null where there is none.
boost::json::value convenience(const Header& header, const Convenience& which);
// "header:Name:asForm:all"; nullopt: no such member.
std::optional<boost::json::value> header_member(const Header& header, std::string_view member);
void add_conveniences(const Header& header, boost::json::object& to);   // all of them

}
