#include "base/sys/watched.hpp"

#include "base/sys/file.hpp"

namespace grapnel {

bool Watched::changed()
{
    const auto now = status_if_there(path_);
    if (now.has_value() == seen_.has_value() && (!now || is_unchanged(*seen_, *now))) return false;
    seen_ = now;
    return true;
}

}
