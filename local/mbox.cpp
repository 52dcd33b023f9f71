#include "local/mbox.hpp"

#include "base/sys/error.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"
#include "base/sys/lock.hpp"
#include "base/sys/program.hpp"
#include "base/sys/signal.hpp"
#include "local/mbox_quoting.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <system_error>

namespace grapnel::local {

namespace {

constexpr unsigned lock_limit = 30;   // seconds
constexpr int most_tries = 10;

std::string words(std::string_view before, std::string_view name, int error, std::string_view code)
{
    return std::string(before) + std::string(name) + ": " + std::string(reason(error)) + ". " +
           std::string(code);
}

struct Mbox {
    Fd file;
    bool created = false, locked = false;
};

// Symbolic links are followed, also one whose target is yet to be made: users link Mailbox to a
// spool directory, and some readers remove a mailbox that has become empty. It is opened as the
// user himself.
Mbox open_mbox(const std::string& path)
{
    constexpr int flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC;
    Mbox mbox{Fd(::open(path.c_str(), flags))};
    if (!mbox.file && errno == ENOENT)
        mbox = {Fd(::open(path.c_str(), flags | O_CREAT, 0600)), true};
    if (!mbox.file) throw Stop{111, words("Unable to open ", path, errno, "(#4.2.1)")};
    return mbox;
}

void locked_too_long(int)
{
    constexpr std::string_view text = "File has been locked for 30 seconds straight. (#4.3.0)\n";
    [[maybe_unused]] const auto ignored = ::write(2, text.data(), text.size());
    ::_exit(111);
}

// False: this file cannot be locked; it is delivered to all the same.
bool lock_for_long(int file)
{
    handle_signal(SIGALRM, locked_too_long);
    ::alarm(lock_limit);
    bool locked = true;
    try {
        lock(file);
    } catch (const std::system_error&) {
        locked = false;
    }
    ::alarm(0);
    default_signal(SIGALRM);
    return locked;
}

// maildir2mbox and some readers put another file in its place while we wait.
bool is_still(const std::string& path, int file)
{
    struct stat there {
    }, ours{};
    return ::stat(path.c_str(), &there) == 0 && ::fstat(file, &ours) == 0 &&
           there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

Mbox open_locked(const std::string& path)
{
    bool created = false;   // by an earlier try, too
    for (int tries = 1;; ++tries) {
        Mbox mbox = open_mbox(path);
        mbox.created = created = mbox.created || created;
        struct stat about {};
        if (::fstat(mbox.file.get(), &about) != 0)
            throw Stop{111, words("Unable to open ", path, errno, "(#4.2.1)")};
        // What is no regular file could take the message but never say that it is safe.
        if (!S_ISREG(about.st_mode))
            throw Stop{111, words("Unable to write ", path, EINVAL, "(#4.3.0)")};
        mbox.locked = lock_for_long(mbox.file.get());
        if (is_still(path, mbox.file.get())) return mbox;
        if (tries == most_tries)
            throw Stop{111, words("Unable to open ", path, ESTALE, "(#4.2.1)")};
    }
}

void sync_parent(const std::string& path, int file)
{
    struct Free {
        void operator()(char* text) const { std::free(text); }
    };
    const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
    const std::string name = real ? real.get() : path;
    const Fd parent(
        ::open(name.substr(0, name.rfind('/') + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if ((parent ? ::fsync(parent.get()) : ::syncfs(file)) != 0)
        throw_errno("unable to fsync", path);
}

void append(const std::string& path, int file, int message, std::string_view head)
{
    Writer output(file, path);
    output.write(head);
    Reader input(message, 65536);
    MboxQuoting quoting;
    std::string quoted;
    for (std::string_view piece;;) {
        try {
            piece = input.available();
        } catch (const std::system_error& error) {
            throw Stop{111, "Unable to read message: " + std::string(reason(error.code().value())) +
                                ". (#4.3.0)"};
        }
        quoted.clear();
        if (piece.empty()) break;
        quoting.take(piece, quoted);
        output.write(quoted);
        input.consume(piece.size());
    }
    quoting.finish(quoted);
    output.write(quoted);
    output.flush();
}

}

void deliver_to_mbox(const std::string& path, int message, std::string_view head)
{
    auto [file, created, locked] = open_locked(path);
    const off_t before = ::lseek(file.get(), 0, SEEK_END);
    const auto take_back = [&, descriptor = file.get(), was_locked = locked] {
        if (was_locked && before >= 0) [[maybe_unused]]
            const int ignored = ::ftruncate(descriptor, before);
    };
    try {
        append(path, file.get(), message, head);
        sync(file.get(), path);
        if (created) sync_parent(path, file.get());
        file.close_checked(path);
    } catch (const Stop&) {
        take_back();
        throw;
    } catch (const std::system_error& error) {
        take_back();
        throw Stop{111, words("Unable to write ", path, error.code().value(), "(#4.3.0)")};
    }
}

}
