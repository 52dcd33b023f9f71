// Lines of a password file: what they become is what users/assign may hold.
#include "base/text.hpp"
#include "fuzz/require.hpp"
#include "local/assign.hpp"
#include "local/passwd.hpp"

#include <cstdint>
#include <cstdlib>

using namespace grapnel;
using namespace grapnel::local;

namespace {

// Every line must be one that qmail-newu takes.
void require_assignments(std::string_view lines)
{
    AssignReader reader;
    Assignment assignment;
    while (const auto line = take_until(lines, '\n'))
        require(reader.take(std::string(*line), true, assignment) ==
                AssignReader::Outcome::assignment);
    require(lines.empty());
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    std::map<std::string, std::string> users;
    AssignStyle style;
    if (bytes.starts_with('/')) style.in_directories = true;
    if (bytes.starts_with('C')) style.separator = std::nullopt;
    while (const auto line = take_until(bytes, '\n')) {
        if (const auto user = parse_passwd_line(*line)) {
            require_assignments(assign_lines(*user, user->name, style));
            users[lower(user->name)] = user->fields();
        }
        if (line->find('\0') != std::string_view::npos) continue;
        const auto subuser = subuser_lines(*line, users, style);
        if (subuser) require_assignments(*subuser);
    }
    return 0;
}
