#include "local/maildir.hpp"

#include "base/sys/error.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/signal.hpp"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <system_error>

namespace grapnel::local {

namespace {

constexpr unsigned time_limit = 86400;   // readers remove what is older than 36 h from tmp/
constexpr int most_names_tried = 10;

// For the alarm's handler: the name that goes when time is up, in tmp/ or already in new/.
struct {
    volatile std::sig_atomic_t directory = -1, moved = 0;
    std::string tmp, fresh;
} unfinished;

void time_is_up(int)
{
    const auto& name = unfinished.moved ? unfinished.fresh : unfinished.tmp;
    if (unfinished.directory >= 0) ::unlinkat(unfinished.directory, name.c_str(), 0);
    constexpr std::string_view text = "Timeout on maildir delivery. (#4.3.0)\n";
    [[maybe_unused]] const auto ignored = ::write(2, text.data(), text.size());
    ::_exit(111);
}

std::string host_name()
{
    std::array<char, 65> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return {};
    return std::string(name.data()).substr(0, 63);
}

std::string next_name()
{
    static const std::string host = host_name();
    static unsigned counter = 0;
    struct timeval now {};
    ::gettimeofday(&now, nullptr);
    return maildir_name(now.tv_sec, now.tv_usec, ::getpid(), ++counter, host);
}

// The trailing "." asks for the right to enter it, as chdir would.
Fd open_maildir(const std::string& path)
{
    Fd directory(::open((path + '.').c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory) return directory;
    if (is_temporary(errno)) throw std::system_error(errno, std::generic_category());
    throw Stop{111, "Unable to chdir to maildir. (#4.2.1)"};
}

// A name in new/ that is taken stays what it is.
bool move(int directory, const std::string& from, const std::string& to)
{
    if (::renameat2(directory, from.c_str(), directory, to.c_str(), RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS) return false;
    // A file system that can only replace: a link never does.
    if (::linkat(directory, from.c_str(), directory, to.c_str(), 0) != 0) return false;
    ::unlinkat(directory, from.c_str(), 0);
    return true;
}

// A delivery not yet committed: whatever ends it early removes its name.
class Maildir {
public:
    explicit Maildir(const std::string& path) : directory_(open_maildir(path))
    {
        for (int tries = 0; !file_; ++tries) {
            const auto name = next_name();
            unfinished.tmp = "tmp/" + name;
            unfinished.fresh = "new/" + name;
            file_ = Fd(::openat(directory_.get(), unfinished.tmp.c_str(),
                                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
            if (!file_ && (errno != EEXIST || tries == most_names_tried)) fail();
        }
        unfinished.moved = 0;
        unfinished.directory = directory_.get();
    }
    Maildir(const Maildir&) = delete;
    Maildir& operator=(const Maildir&) = delete;

    ~Maildir()
    {
        unfinished.directory = -1;
        if (committed_) return;
        const auto& name = unfinished.moved ? unfinished.fresh : unfinished.tmp;
        ::unlinkat(directory_.get(), name.c_str(), 0);
    }

    int file() const { return file_.get(); }

    void commit()
    {
        sync(file_.get(), unfinished.tmp);
        // A new/ that we may write but not read cannot be synced by itself; its filesystem can.
        const Fd folder(::openat(directory_.get(), "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        const Fd spare = folder ? Fd() : duplicate(file_.get());
        file_.close_checked(unfinished.tmp);
        if (!move(directory_.get(), unfinished.tmp, unfinished.fresh)) fail();
        unfinished.moved = 1;
        if ((folder ? ::fsync(folder.get()) : ::syncfs(spare.get())) != 0) fail();
        committed_ = true;
    }

private:
    [[noreturn]] static void fail() { throw std::system_error(errno, std::generic_category()); }

    Fd directory_, file_;
    bool committed_ = false;
};

void copy(int message, Writer& output)
{
    Reader input(message, 65536);
    for (;;) {
        std::string_view piece;
        try {
            piece = input.available();
        } catch (const std::system_error&) {
            throw Stop{111, "Unable to read message. (#4.3.0)"};
        }
        if (piece.empty()) return output.flush();
        output.write(piece);
        input.consume(piece.size());
    }
}

}

std::string maildir_name(long seconds, long microseconds, long pid, unsigned counter,
                         std::string_view host)
{
    std::string name = std::to_string(seconds) + ".M" + std::to_string(microseconds) + 'P' +
                       std::to_string(pid) + 'Q' + std::to_string(counter) + '.';
    for (const char c : host) {
        if (c == '/')
            name += "\\057";
        else if (c == ':')
            name += "\\072";
        else
            name += c;
    }
    return name;
}

void deliver_to_maildir(const std::string& directory, int message, std::string_view head)
{
    handle_signal(SIGALRM, time_is_up);
    ::alarm(time_limit);
    try {
        Maildir maildir(directory);
        Writer output(maildir.file(), "message");
        output.write(head);
        copy(message, output);
        maildir.commit();
    } catch (const std::system_error&) {
        throw Stop{111, "Temporary error on maildir delivery. (#4.3.0)"};
    }
    ::alarm(0);
    default_signal(SIGALRM);
}

}
