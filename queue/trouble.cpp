#include "queue/trouble.hpp"

#include "base/sys/error.hpp"
#include "base/sys/log.hpp"
#include "queue/exit_code.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace grapnel::queue {

namespace {

constexpr std::size_t longest_response = 255;
constexpr int response_descriptor = 4;

// No paths here: strangers may read it.
std::string sentence(int code, int error)
{
    if (error == ENOSPC || error == EDQUOT) return "the queue has no disk space left (#4.3.1)";
    const std::string why = error == 0 ? "" : ": " + std::string(reason(error));
    switch (code) {
    case exit_code::address_too_long:
        return "envelope address is longer than 1002 bytes (#5.1.3)";
    case exit_code::refused:
        return "envelope is too large (#5.5.3)";
    case exit_code::bad_envelope:
        return "envelope is malformed (#4.3.0)";
    case exit_code::out_of_memory:
        return "the queue is out of memory (#4.3.0)";
    case exit_code::write_error:
        return "unable to write to the queue" + why + " (#4.3.0)";
    case exit_code::read_error:
        return (error ? "unable to read the message" + why : "message or envelope is cut short") +
               " (#4.3.0)";
    case exit_code::home:
        return "unable to enter the home directory" + why + " (#4.3.0)";
    case exit_code::queue_directory:
        return "unable to enter the queue" + why + " (#4.3.0)";
    case exit_code::pid_file:
    case exit_code::mess_file:
    case exit_code::intd_file:
    case exit_code::todo_file:
        return "unable to make a file in the queue" + why + " (#4.3.0)";
    default:
        return "internal trouble in the queue" + why + " (#4.3.0)";
    }
}

}

void stop(int code, int error) { throw Stop{code, sentence(code, error)}; }

std::string response_line(const Stop& stop)
{
    const bool permanent = stop.exit_code >= 11 && stop.exit_code <= 40;
    return (permanent ? 'D' : 'Z') + printable(stop.text, longest_response - 1);
}

bool response_is_wanted()
{
    struct stat about {};
    const int flags = ::fcntl(response_descriptor, F_GETFL);
    return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY &&
           ::fstat(response_descriptor, &about) == 0 && S_ISFIFO(about.st_mode);
}

// A full pipe is not waited for: a writable one has room for PIPE_BUF bytes.
void respond(const Stop& stop)
{
    pollfd pipe{response_descriptor, POLLOUT, 0};
    if (::poll(&pipe, 1, 0) != 1 || !(pipe.revents & POLLOUT)) return;
    const auto line = response_line(stop);
    [[maybe_unused]] const auto ignored = ::write(response_descriptor, line.data(), line.size());
}

}
