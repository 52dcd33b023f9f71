#include "base/sys/secret.hpp"

#include <cstring>

namespace grapnel {

void wipe(std::string& secret)
{
    ::explicit_bzero(secret.data(), secret.size());
    secret.clear();
}

}
