#include "queue/spool.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"

#include <cerrno>

namespace grapnel::queue {

Spool Spool::open(const std::string& directory)
{
    unsigned count = 0;
    for (const auto& name : list_directory(directory + "/mess"))
        if (parse_number<unsigned>(name)) ++count;
    if (count == 0) throw_error(ENOENT, "no numbered directories in", directory + "/mess");
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
