#include "local/assign.hpp"

#include "base/text.hpp"

namespace grapnel::local {

namespace {

// user:uid:gid:home:dash:extension: with NULs for colons; what follows the last colon is ignored.
bool encode_fields(std::string_view text, std::string& data)
{
    data.clear();
    for (int field = 0; field < 6; ++field) {
        const auto value = take_until(text, ':');
        if (!value) return false;
        if (field > 0) data += '\0';
        data += *value;
    }
    return true;
}

}

AssignReader::Outcome AssignReader::take(std::string_view line, bool complete,
                                         Assignment& assignment)
{
    if (line.starts_with('.')) return Outcome::end;
    if (!complete || line.find('\0') != std::string_view::npos) return Outcome::malformed;
    const auto name = take_until(line, ':');
    if (!name || name->empty()) return Outcome::malformed;
    const bool wildcard = name->front() == '+';
    assignment.key = '!' + lower(name->substr(1));
    if (!wildcard)
        assignment.key += '\0';
    else if (name->size() > 1 && last_bytes_.find(name->back()) == std::string::npos)
        last_bytes_ += name->back();
    return encode_fields(line, assignment.data) ? Outcome::assignment : Outcome::malformed;
}

}
