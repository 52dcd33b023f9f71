#include "local/own_code.hpp"

#include "base/sys/file.hpp"

#include <new>
#include <system_error>

namespace grapnel::local {

namespace {
constexpr std::size_t longest_program = std::size_t{64} << 20;
}

void OwnCode::refresh()
{
    try {
        if (!file_.changed()) return;
        found_ = false;
        const auto program = read_file_if_there(file_.path(), longest_program);
        found_ = program && program->find(code_mark) != std::string::npos;
    } catch (const std::system_error&) {
        found_ = false;
    } catch (const std::bad_alloc&) {
        found_ = false;
    }
}

}
