// Sends the message elsewhere, in place of all that follows, if a program says so. condredirect(1).
#include "base/arguments.hpp"
#include "base/sys/error.hpp"
#include "base/sys/program.hpp"
#include "local/tools/judge.hpp"
#include "local/tools/requeue.hpp"

#include <unistd.h>

#include <cerrno>

using namespace grapnel;

int main(int count, char** argv)
{
    return run("condredirect", [&]() -> int {
        const auto words = argument_words(count, argv);
        if (words.size() < 3) throw Stop{100, "usage: condredirect newaddress program [ arg ... ]"};
        if (!local::approves({words.begin() + 2, words.end()})) return 0;
        if (::lseek(0, 0, SEEK_SET) < 0)
            throw Stop{111, "fatal: unable to rewind: " + std::string(reason(errno))};
        const auto qp = local::requeue(Environment::of_process(), "SENDER", {words[1]});
        throw Stop{99, "qp " + std::to_string(qp)};
    });
}
