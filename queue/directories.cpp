#include "queue/directories.hpp"

#include "base/sys/file.hpp"

#include <fcntl.h>

namespace grapnel::queue {

namespace {
Fd open_directory(const std::string& path) { return open_file(path, O_RDONLY | O_DIRECTORY); }
}

Directories::Directories(const Spool& spool)
    : spool_(spool), todo_(open_directory("todo")), mess_(spool.split())
{
}

int Directories::mess(MessageNumber number)
{
    auto& directory = mess_[number % spool_.split()];
    if (!directory) directory = open_directory(spool_.directory_of("mess", number));
    return directory.get();
}

}
