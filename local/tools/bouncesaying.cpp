// Refuses the message with a text, always or if a program says so. bouncesaying(1).
#include "base/arguments.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "local/tools/judge.hpp"

using namespace grapnel;

int main(int count, char** argv)
{
    return run("bouncesaying", [&] {
        const auto words = argument_words(count, argv);
        if (words.size() < 2) throw Stop{100, "usage: bouncesaying error [ program [ arg ... ] ]"};
        if (words.size() > 2 && !local::approves({words.begin() + 2, words.end()})) return 0;
        log_line(2, words[1]);
        return 100;
    });
}
