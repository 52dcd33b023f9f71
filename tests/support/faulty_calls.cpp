// Preloaded into programs under test: calls fail or take long, clocks jump, as the table of the
// test says. $FAULT_TABLE names it.
#include "support/fault_table.hpp"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdlib>
#include <cstring>

namespace {

using grapnel::test::FaultRule;
using grapnel::test::FaultTable;

FaultTable* table()
{
    static FaultTable* const found = []() -> FaultTable* {
        const char* name = std::getenv("FAULT_TABLE");
        if (!name) return nullptr;
        using Open = int(const char*, int, ...);
        const int file = reinterpret_cast<Open*>(::dlsym(RTLD_NEXT, "open"))(name, O_RDWR);
        if (file < 0) return nullptr;
        void* memory =
            ::mmap(nullptr, sizeof(FaultTable), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        ::close(file);
        return memory == MAP_FAILED ? nullptr : static_cast<FaultTable*>(memory);
    }();
    return found;
}

// Before the program closes doors behind itself.
[[gnu::constructor]] void find_table() { table(); }

template <class Function>
Function* original(const char* name)
{
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool is_this(const std::array<char, 16>& program)
{
    return std::strncmp(program.data(), ::program_invocation_short_name, program.size() - 1) == 0;
}

template <class Inode>
const FaultRule* rule_for(const char* call, Inode inode)
{
    const auto* faults = table();
    const std::size_t count = faults ? faults->count.load() : 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto& rule = faults->rules[i];
        if (std::strcmp(rule.call.data(), call) == 0 && is_this(rule.program) &&
            (rule.inode == 0 || rule.inode == inode()))
            return &rule;
    }
    return nullptr;
}

// 0: the call is made, perhaps later.
template <class Inode>
int fault(const char* call, Inode inode)
{
    const auto* rule = rule_for(call, inode);
    if (!rule) return 0;
    ++table()->hits;
    if (rule->delay > 0) {
        const timespec pause{rule->delay / 1000, static_cast<long>(rule->delay % 1000) * 1000000};
        ::nanosleep(&pause, nullptr);
    }
    return rule->error;
}

int fault_of_file(const char* call, int descriptor)
{
    return fault(call, [&] {
        struct stat about {};
        return ::fstat(descriptor, &about) == 0 ? about.st_ino : 0;
    });
}

int fault_of_path(const char* call, int directory, const char* path)
{
    return fault(call, [&] {
        struct stat about {};
        return ::fstatat(directory, path, &about, 0) == 0 ? about.st_ino : 0;
    });
}

int fault_of_any(const char* call)
{
    return fault(call, [] { return ino_t{0}; });
}

template <class Result, class Call>
Result unless(int error, Call call)
{
    if (error == 0) return call();
    errno = error;
    return static_cast<Result>(-1);
}

mode_t mode_in(int flags, va_list& arguments)
{
    return (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0;
}

}

extern "C" int fsync(int descriptor)
{
    return unless<int>(fault_of_file("fsync", descriptor),
                       [&] { return original<int(int)>("fsync")(descriptor); });
}

extern "C" int fdatasync(int descriptor)
{
    return unless<int>(fault_of_file("fdatasync", descriptor),
                       [&] { return original<int(int)>("fdatasync")(descriptor); });
}

extern "C" int syncfs(int descriptor)
{
    return unless<int>(fault_of_file("syncfs", descriptor),
                       [&] { return original<int(int)>("syncfs")(descriptor); });
}

extern "C" ssize_t read(int descriptor, void* bytes, size_t size)
{
    return unless<ssize_t>(fault_of_file("read", descriptor), [&] {
        return original<ssize_t(int, void*, size_t)>("read")(descriptor, bytes, size);
    });
}

extern "C" ssize_t pread(int descriptor, void* bytes, size_t size, off_t offset)
{
    return unless<ssize_t>(fault_of_file("read", descriptor), [&] {
        return original<ssize_t(int, void*, size_t, off_t)>("pread")(descriptor, bytes, size,
                                                                     offset);
    });
}

extern "C" int open(const char* path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_in(flags, arguments);
    va_end(arguments);
    return unless<int>(fault_of_path("open", AT_FDCWD, path), [&] {
        return original<int(const char*, int, ...)>("open")(path, flags, mode);
    });
}

extern "C" int openat(int directory, const char* path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_in(flags, arguments);
    va_end(arguments);
    return unless<int>(fault_of_path("open", directory, path), [&] {
        return original<int(int, const char*, int, ...)>("openat")(directory, path, flags, mode);
    });
}

extern "C" int link(const char* from, const char* to)
{
    return unless<int>(fault_of_path("link", AT_FDCWD, from),
                       [&] { return original<int(const char*, const char*)>("link")(from, to); });
}

extern "C" int unlink(const char* path)
{
    return unless<int>(fault_of_path("unlink", AT_FDCWD, path),
                       [&] { return original<int(const char*)>("unlink")(path); });
}

extern "C" int accept4(int descriptor, sockaddr* address, socklen_t* size, int flags)
{
    return unless<int>(fault_of_any("accept"), [&] {
        return original<int(int, sockaddr*, socklen_t*, int)>("accept4")(descriptor, address, size,
                                                                         flags);
    });
}

extern "C" int socket(int family, int type, int protocol)
{
    return unless<int>(fault_of_any("socket"), [&] {
        return original<int(int, int, int)>("socket")(family, type, protocol);
    });
}

extern "C" pid_t fork()
{
    return unless<pid_t>(fault_of_any("fork"), [] { return original<pid_t()>("fork")(); });
}

// A wrapper cannot return twice: its children get memory of their own.
extern "C" pid_t vfork() { return ::fork(); }

extern "C" int clock_gettime(clockid_t clock, timespec* now)
{
    const int done = original<int(clockid_t, timespec*)>("clock_gettime")(clock, now);
    const auto* jumps = done == 0 ? table() : nullptr;
    if (!jumps) return done;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now->tv_sec += jumps->wall;
    const bool steady =
        clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME;
    if (steady && (jumps->steady_in[0] == 0 || is_this(jumps->steady_in)))
        now->tv_sec += jumps->steady;
    return done;
}

extern "C" time_t time(time_t* result)
{
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
