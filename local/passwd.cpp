#include "local/passwd.hpp"

#include "base/sys/account.hpp"
#include "base/text.hpp"

namespace grapnel::local {

std::string PasswdEntry::fields() const
{
    return ':' + name + ':' + uid_text + ':' + gid_text + ':' + home + ':';
}

std::optional<PasswdEntry> parse_passwd_line(std::string_view line)
{
    if (line.find('\0') != std::string_view::npos) return std::nullopt;
    const auto fields = split(line, ':');
    if (fields.size() < 7) return std::nullopt;   // the shell, too
    PasswdEntry entry{std::string(fields[0]), std::string(fields[2]), std::string(fields[3]),
                      std::string(fields[5])};
    entry.uid = leading_number(entry.uid_text).value_or(0);
    return entry;
}

std::string assign_lines(const PasswdEntry& user, std::string_view names, const AssignStyle& style)
{
    const std::string fields = user.fields(), extended = fields + style.dash() + ":\n";
    std::string lines;
    if (user.name == role_name(Role::alias)) lines += '+' + extended;
    for (const auto part : split(names, ':')) {
        if (part.empty()) continue;
        const std::string name(part);
        lines += '=' + name + fields + "::\n";
        if (style.separator) lines += '+' + name + *style.separator + extended;
    }
    return lines;
}

Result<std::string> subuser_lines(std::string_view line,
                                  const std::map<std::string, std::string>& users,
                                  const AssignStyle& style)
{
    const auto fields = split(line, ':');
    if (fields.size() < 3) return std::string();
    const auto user = users.find(lower(fields[1]));
    if (user == users.end())
        return temporary("unable to find " + std::string(fields[1]) + " user for subuser");
    if (fields.size() < 4) return std::string();
    const std::string name(fields[0]), extension(fields[2]);
    std::string lines = '=' + name + user->second + style.dash() + extension + ":\n";
    if (style.separator)
        lines += '+' + name + *style.separator + user->second + style.dash() + extension + "-:\n";
    return lines;
}

}
