#include "local/watched.hpp"

#include "base/sys/file.hpp"

#include <tuple>

namespace grapnel::local {

namespace {

bool same(const struct stat& a, const struct stat& b)
{
    const auto key = [](const struct stat& s) {
        return std::tuple(s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                          s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
    };
    return key(a) == key(b);
}

}

bool Watched::changed()
{
    const auto now = status_if_there(path_);
    if (now.has_value() == seen_.has_value() && (!now || same(*now, *seen_))) return false;
    seen_ = now;
    return true;
}

}
