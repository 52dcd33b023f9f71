// After a failed flush nothing is known about what is on disk, and flushing again proves nothing
// (reliability 2): no delivery is started any more, and the program ends.
#pragma once

#include <stdexcept>
#include <string>
#include <system_error>

namespace grapnel::send {

struct Broken : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Runs what makes things durable; any failure of it is Broken.
template <class Flush>
void durably(Flush flush)
{
    try {
        flush();
    } catch (const std::system_error& error) {
        throw Broken(error.what());
    }
}

}
