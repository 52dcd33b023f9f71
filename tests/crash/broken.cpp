// Preloaded into a program of the queue: it makes a program that is wrong in one way, which
// the tests must see. BROKEN=sync: nothing is synced; directory-sync: directories are not; deaf: a
// failed flush is taken for a good one; write: so is a failed write; order: the message is written
// after the commit's link was made; early: qmail-queued answers before it makes that link; kept:
// qmail-clean says that it has removed what it will remove later; late: qmail-send writes a bounce
// after the next mark.
#include <dlfcn.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

const std::string way = std::getenv("BROKEN") ? std::getenv("BROKEN") : "";

// What was said to be done. It is done at the next call of this kind that comes late enough.
struct Promise {
    Clock::time_point due;
    std::string from, to;
};

bool is_program(const char* name)
{
    return std::strcmp(::program_invocation_short_name, name) == 0;
}

struct Paragraph {
    int descriptor;
    std::string text;
    off_t place;
};
int bounce_descriptor = -1;   // of the last one that was opened

template <class Keep>
int promise(std::deque<Promise>& promises, Promise made, Keep keep)
{
    promises.push_back(std::move(made));
    for (; promises.front().due <= Clock::now(); promises.pop_front()) keep(promises.front());
    return 0;
}

template <class Function>
Function* original(const char* name)
{
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}

extern "C" int fsync(int descriptor)
{
    struct stat about {};
    ::fstat(descriptor, &about);
    if (way == "sync" || (way == "directory-sync" && S_ISDIR(about.st_mode))) return 0;
    const int done = original<int(int)>("fsync")(descriptor);
    return way == "deaf" ? 0 : done;
}

// A file system is flushed by its directory's descriptor, and with it all names in it.
extern "C" int syncfs(int descriptor)
{
    if (way.ends_with("sync")) return 0;
    const int done = original<int(int)>("syncfs")(descriptor);
    return way == "deaf" ? 0 : done;
}

extern "C" ssize_t write(int descriptor, const void* bytes, size_t size)
{
    const auto count =
        original<ssize_t(int, const void*, size_t)>("write")(descriptor, bytes, size);
    struct stat about {};
    const bool ignored =
        way == "write" && count < 0 && ::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
    return ignored ? static_cast<ssize_t>(size) : count;
}

// A paragraph of a bounce waits for the mark that should follow it.
extern "C" ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset)
{
    const auto put = original<ssize_t(int, const void*, size_t, off_t)>("pwrite");
    static std::deque<Paragraph> waiting;
    if (way == "late" && descriptor == bounce_descriptor && is_program("qmail-send")) {
        waiting.push_back(
            {::dup(descriptor), std::string(static_cast<const char*>(bytes), size), offset});
        return static_cast<ssize_t>(size);
    }
    const auto count = put(descriptor, bytes, size, offset);
    for (; size == 1 && !waiting.empty(); waiting.pop_front()) {
        const auto& [file, text, place] = waiting.front();
        [[maybe_unused]] const auto written = put(file, text.data(), text.size(), place);
        ::close(file);
    }
    return count;
}

// The commit before the envelope is synced.
extern "C" int open(const char* path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const auto mode = (flags & 0100) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    const int opened = original<int(const char*, int, ...)>("open")(path, flags, mode);
    if (std::strncmp(path, "bounce/", 7) == 0)
        bounce_descriptor = opened;
    else if (bounce_descriptor == opened)
        bounce_descriptor = -1;
    if (way == "order" && opened >= 0 && std::strncmp(path, "intd/", 5) == 0)
        original<int(const char*, const char*)>("link")(
            path, (std::string("todo/") + (path + 5)).c_str());
    return opened;
}

extern "C" int link(const char* from, const char* to)
{
    const auto make = original<int(const char*, const char*)>("link");
    const bool commit = std::strncmp(to, "todo/", 5) == 0;
    if (way == "early" && commit && is_program("qmail-queued")) {
        static std::deque<Promise> promises;
        return promise(promises, {Clock::now() + std::chrono::milliseconds(200), from, to},
                       [&](const Promise& one) { make(one.from.c_str(), one.to.c_str()); });
    }
    const int done = make(from, to);
    return way == "order" && commit ? 0 : done;
}

extern "C" int unlink(const char* path)
{
    const auto remove = original<int(const char*)>("unlink");
    if (way != "kept" || !is_program("qmail-clean")) return remove(path);
    static std::deque<Promise> promises;
    return promise(promises, {Clock::now() + std::chrono::seconds(5), path, ""},
                   [&](const Promise& one) { remove(one.from.c_str()); });
}
