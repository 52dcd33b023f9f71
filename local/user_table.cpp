#include "local/user_table.hpp"

#include "base/text.hpp"

#include <array>
#include <limits>

namespace grapnel::local {

namespace {

// The highest number means "no change" to the kernel's calls that set ids.
std::optional<std::uint32_t> id(std::string_view text)
{
    const auto number = leading_number(text);
    if (!number || *number >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

}

std::string encode(const User& user)
{
    std::string record;
    for (const auto& field : {user.name, std::to_string(user.uid), std::to_string(user.gid),
                              user.home, user.dash, user.extension})
        record += field + '\0';
    return record;
}

Result<User> decode_user(std::string_view record)
{
    std::array<std::string_view, 6> fields;
    for (auto& field : fields) {
        const auto taken = take_until(record, '\0');
        if (!taken) return temporary("record of a user is cut short");
        field = *taken;
    }
    const bool numeric = !fields[1].empty() && is_digit(fields[1].front());
    const auto uid = numeric ? id(fields[1]) : std::optional<std::uint32_t>(0);
    const auto gid = uid == 0u ? id(fields[2]).value_or(0) : id(fields[2]);
    if (!uid || !gid) return temporary("record of a user has a bad number");
    return User{std::string(fields[0]), *uid, *gid, std::string(fields[3]), std::string(fields[4]),
                std::string(fields[5])};
}

Result<std::optional<User>> look_up(const Find& find, std::string_view local)
{
    const auto last_bytes = find("");
    if (!last_bytes) return temporary("table has no set of wildcards");
    const std::string key = '!' + lower(local);
    std::optional<std::string> data = find(key + '\0');
    for (std::size_t length = key.size(); !data && length > 0; --length) {
        if (length > 1 && last_bytes->find(key[length - 1]) == std::string::npos) continue;
        data = find(std::string_view(key).substr(0, length));
        if (data) *data += local.substr(length - 1);
    }
    if (!data) return std::optional<User>();
    const auto user = decode_user(*data + '\0');
    if (!user) return user.error();
    return std::optional(*user);
}

}
