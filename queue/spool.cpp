#include "queue/spool.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cerrno>

namespace grapnel::queue {

// A gap would send every file to another place: better nothing is done at all.
Spool Spool::open(const std::string& directory)
{
    unsigned count = 0, highest = 0;
    for (const auto& name : list_directory(directory + "/mess"))
        if (const auto number = parse_number<unsigned>(name)) {
            ++count;
            highest = std::max(highest, *number);
        }
    if (count == 0) throw_error(ENOENT, "no numbered directories in", directory + "/mess");
    if (highest != count - 1)
        throw_error(EINVAL, "numbered directories are missing in", directory + "/mess");
    return Spool(count);
}

std::string Spool::directory_of(std::string_view folder, MessageNumber n) const
{
    return std::string(folder) + '/' + std::to_string(n % split_);
}

std::string Spool::short_name(MessageNumber n) const
{
    return std::to_string(n % split_) + '/' + std::to_string(n);
}

std::optional<MessageNumber> message_number(std::string_view name)
{
    return parse_number<MessageNumber>(name);
}

}
