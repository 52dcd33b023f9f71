// Preloaded into a program of the queue: it makes a program that is wrong in one way, which
// the tests must see. BROKEN=sync: nothing is synced; directory-sync: directories are not; deaf: a
// failed flush is taken for a good one; write: so is a failed write; order: the message is written
// after the commit's link was made.
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

const std::string way = std::getenv("BROKEN") ? std::getenv("BROKEN") : "";

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
    return way == "write" && count < 0 ? static_cast<ssize_t>(size) : count;
}

// The commit before the envelope is synced.
extern "C" int open(const char* path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const auto mode = (flags & 0100) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    const int opened = original<int(const char*, int, ...)>("open")(path, flags, mode);
    if (way == "order" && opened >= 0 && std::strncmp(path, "intd/", 5) == 0)
        original<int(const char*, const char*)>("link")(
            path, (std::string("todo/") + (path + 5)).c_str());
    return opened;
}

extern "C" int link(const char* from, const char* to)
{
    const int done = original<int(const char*, const char*)>("link")(from, to);
    return way == "order" && std::strncmp(to, "todo/", 5) == 0 ? 0 : done;
}
