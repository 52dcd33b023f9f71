#include "base/sys/feed.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/signal.hpp"
#include "base/sys/spawn.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

namespace grapnel {

namespace {

[[noreturn]] void stop(const std::string& what, const std::system_error& error)
{
    throw Stop{111, "fatal: " + what + ": " + std::string(reason(error.code().value()))};
}

// False: nobody reads any more.
bool give(int descriptor, std::string_view bytes)
{
    try {
        write_all(descriptor, bytes);
        return true;
    } catch (const std::system_error& error) {
        if (error.code().value() == EPIPE) return false;
        stop("unable to copy input", error);
    }
}

void copy(std::string_view head, int descriptor)
{
    if (!give(descriptor, head)) return;
    Reader input(0, 16384);
    try {
        for (auto bytes = input.available(); !bytes.empty(); bytes = input.available()) {
            if (!give(descriptor, bytes)) return;
            input.consume(bytes.size());
        }
    } catch (const std::system_error& error) {
        stop("unable to copy input", error);
    }
}

}

int feed(const Feed& feed)
{
    ignore_signal(SIGPIPE);
    Pipe pipe = make_pipe();
    Child child =
        spawn({.path = feed.words.front(),
               .arguments = feed.words,
               .search_path = true,
               .descriptors = {{0, pipe.reader.get()}},
               .exec_failed_later = 111,
               .exec_failed_never = feed.exec_failed_never,
               .exec_failed_text = feed.name + ": fatal: unable to run " + feed.words.front()});
    pipe.reader.reset();
    copy(feed.head, pipe.writer.get());
    pipe.writer.reset();
    const Ending ending = child.wait();
    if (ending.crashed) throw Stop{111, "fatal: child crashed"};
    return ending.code;
}

}
