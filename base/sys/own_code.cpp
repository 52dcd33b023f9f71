#include "base/sys/own_code.hpp"

#include "base/sys/build_id.hpp"

#include <system_error>

namespace grapnel {

void OwnCode::refresh()
{
    try {
        if (file_.changed()) found_ = has_build_id(file_.path(), id_);
    } catch (const std::system_error&) {
        found_ = false;
    }
}

}
