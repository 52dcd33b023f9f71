#include "local/tools/judge.hpp"

#include "base/sys/program.hpp"
#include "base/sys/spawn.hpp"

namespace grapnel::local {

bool approves(const std::vector<std::string>& words)
{
    Child child = spawn({.path = words.front(),
                         .arguments = words,
                         .search_path = true,
                         .exec_failed_later = 111,
                         .exec_failed_never = 100});
    const Ending ending = child.wait();
    if (ending.crashed) throw Stop{111, "fatal: child crashed"};
    if (ending.code == 111) throw Stop{111, "fatal: temporary child error"};
    return ending.code == 0;
}

}
