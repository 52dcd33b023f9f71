// Turns a program's yes into a refusal and its no into a yes. except(1).
#include "base/arguments.hpp"
#include "base/sys/program.hpp"
#include "local/tools/judge.hpp"

using namespace grapnel;

int main(int count, char** argv)
{
    return run("except", [&] {
        const auto words = argument_words(count, argv);
        if (words.size() < 2) throw Stop{100, "usage: except program [ arg ... ]"};
        return local::approves({words.begin() + 1, words.end()}) ? 100 : 0;
    });
}
