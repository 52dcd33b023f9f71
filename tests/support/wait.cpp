#include "support/wait.hpp"

#include <thread>

namespace grapnel::test {

bool wait_until(const std::function<bool()>& happened, milliseconds limit)
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!happened()) {
        if (std::chrono::steady_clock::now() >= deadline) return happened();
        std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
}

}
