// One delivery to one user, as that user: follows his .qmail file (dot-qmail(5)).

#include "base/sys/program.hpp"
#include "local/delivery.hpp"

int main(int argc, char** argv)
{
    return grapnel::run("", [&] { return grapnel::local::deliver({argv, argv + argc}); });
}
