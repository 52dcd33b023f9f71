#include "base/sys/nameless_file.hpp"

#include "base/sys/error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace grapnel {

Fd make_nameless_file(const std::string& directory)
{
    Fd file(::open(directory.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
    if (file) return file;
    if (errno != EOPNOTSUPP && errno != EISDIR) throw_errno("unable to make a file in", directory);
    std::string path = directory + "/message.XXXXXX";   // a file system that has no O_TMPFILE
    file = Fd(::mkostemp(path.data(), O_CLOEXEC));
    if (!file) throw_errno("unable to make", path);
    if (::unlink(path.c_str()) != 0) throw_errno("unable to remove", path);
    return file;
}

}
