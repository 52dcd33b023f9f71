// guarded COMMAND…: what the command starts ends with it.
#include "support/guard.hpp"

#include <unistd.h>

#include <cstdio>

int main(int argc, char** argv)
{
    if (argc < 2) return 100;
    grapnel::test::stand_guard();
    ::execvp(argv[1], argv + 1);
    std::perror(argv[1]);
    return 111;
}
