// A client on two descriptors, who talks in lines and may be slow, silent or hostile. Blocking;
// every wait has a limit. Knows no protocol.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace grapnel {

// Thrown: the client has gone, was silent for too long, or sent far too much.
struct ClientGone : std::runtime_error {
    ClientGone() : std::runtime_error("client has gone") {}
};

class Dialogue {
public:
    // leave: nothing behind the line that is read is taken from input; another program goes on
    // there.
    enum class Behind { take, leave };
    static constexpr std::size_t longest_line = 4096, longest_flood = 65536;

    Dialogue(int input, int output, std::chrono::seconds patience, Behind behind = Behind::take)
        : input_(input), output_(output), patience_(patience), behind_(behind)
    {
    }

    // Without its LF or CR LF. nullopt: it was longer than longest_line, and has been dropped;
    // beyond longest_flood, and at the end of the input, ClientGone. A line must be whole within
    // patience. Sends first what is still to be sent, unless the client's next line is here
    // already.
    std::optional<std::string> line();

    // Kept until there is enough of it, or line() waits.
    void say(std::string_view bytes);
    void flush();

private:
    using Deadline = std::chrono::steady_clock::time_point;
    std::size_t fill(Deadline deadline);
    void write(std::string_view bytes, Deadline deadline);

    int input_, output_;
    std::chrono::seconds patience_;
    Behind behind_;
    std::string read_, unsent_;
    std::size_t at_ = 0;   // what of read_ is used up
};

}
