#include "base/sys/system_call_filter.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <span>

namespace grapnel {

namespace {

// By name: libseccomp knows the numbers of this machine, and names it does not know are skipped.
constexpr const char* always[] = {"read",
                                  "readv",
                                  "pread64",
                                  "preadv",
                                  "write",
                                  "writev",
                                  "pwrite64",
                                  "pwritev",
                                  "close",
                                  "close_range",
                                  "fstat",
                                  "lseek",
                                  "fcntl",
                                  "dup",
                                  "dup2",
                                  "dup3",
                                  "ioctl",
                                  "poll",
                                  "ppoll",
                                  "select",
                                  "pselect6",
                                  "epoll_create1",
                                  "epoll_ctl",
                                  "epoll_wait",
                                  "epoll_pwait",
                                  "epoll_pwait2",
                                  "eventfd2",
                                  "timerfd_create",
                                  "timerfd_settime",
                                  "timerfd_gettime",
                                  "pipe2",
                                  "signalfd4",
                                  "brk",
                                  "munmap",
                                  "mremap",
                                  "madvise",
                                  "membarrier",
                                  "futex",
                                  "set_robust_list",
                                  "rseq",
                                  "sched_yield",
                                  "sched_getaffinity",
                                  "rt_sigaction",
                                  "rt_sigprocmask",
                                  "rt_sigreturn",
                                  "sigaltstack",
                                  "rt_sigtimedwait",
                                  "restart_syscall",
                                  "exit",
                                  "exit_group",
                                  "tgkill",
                                  "kill",
                                  "alarm",
                                  "setitimer",
                                  "getitimer",
                                  "clock_gettime",
                                  "clock_getres",
                                  "clock_nanosleep",
                                  "nanosleep",
                                  "gettimeofday",
                                  "time",
                                  "times",
                                  "getrusage",
                                  "sysinfo",
                                  "uname",
                                  "getrandom",
                                  "getpid",
                                  "getppid",
                                  "gettid",
                                  "getuid",
                                  "geteuid",
                                  "getgid",
                                  "getegid",
                                  "getgroups",
                                  "getrlimit",
                                  "prlimit64",
                                  "prctl",
                                  "arch_prctl",
                                  "sendmsg",
                                  "recvmsg",
                                  "sendto",
                                  "recvfrom",
                                  "getsockopt",
                                  "setsockopt",
                                  "getsockname",
                                  "getpeername",
                                  "shutdown",
                                  "accept",
                                  "accept4",
                                  "sendfile",
                                  "splice",
                                  "copy_file_range",
                                  "flock",
                                  "chdir",
                                  "fchdir",
                                  "getcwd",
                                  "umask"};
constexpr const char* reading[] = {"stat",       "lstat",      "newfstatat", "statx",
                                   "access",     "faccessat",  "faccessat2", "readlink",
                                   "readlinkat", "getdents64", "statfs",     "fstatfs"};
constexpr const char* writing[] = {"openat",    "open",        "creat",     "link",
                                   "linkat",    "unlink",      "unlinkat",  "rename",
                                   "renameat",  "renameat2",   "mkdir",     "mkdirat",
                                   "rmdir",     "truncate",    "ftruncate", "fallocate",
                                   "fsync",     "fdatasync",   "syncfs",    "sync_file_range",
                                   "utimensat", "fchmod",      "chmod",     "fchmodat",
                                   "fchown",    "memfd_create"};
constexpr const char* networking[] = {"socket", "socketpair", "connect",  "bind",
                                      "listen", "sendmmsg",   "recvmmsg", "memfd_create"};
constexpr const char* starting[] = {
    "clone",           "clone3", "fork",      "vfork",      "execve",
    "execveat",        "wait4",  "waitid",    "pidfd_open", "pidfd_send_signal",
    "setuid",          "setgid", "setresuid", "setresgid",  "setgroups",
    "set_tid_address", "setsid", "setpgid"};

struct Release {
    void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

void check(int result)
{
    if (result < 0 && result != -EDOM)
        throw_error(-result, "unable to build the system call filter");
}

void allow(const Filter& filter, std::span<const char* const> names)
{
    for (const char* name : names) {
        const int number = seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR || number < 0) continue;
        check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0));
    }
}

// Memory that is written is never executed.
void allow_plain_memory(const Filter& filter)
{
    for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
        check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1,
                               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
}

// Libraries that are loaded late (name service, OpenSSL providers) map their text read-only and
// executable.
void allow_library_text(const Filter& filter)
{
    check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                           SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC)));
}

// clone3 hides its flags behind a pointer: glibc takes "no such call" and uses clone.
void allow_threads(const Filter& filter)
{
    check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                           SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)));
    check(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0));
    check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(set_tid_address), 0));
}

void allow_opening_to_read(const Filter& filter)
{
    constexpr scmp_datum_t writing_flags = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
    check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                           SCMP_A2(SCMP_CMP_MASKED_EQ, writing_flags, O_RDONLY)));
    check(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
                           SCMP_A1(SCMP_CMP_MASKED_EQ, writing_flags, O_RDONLY)));
}

}

bool is_traced()
{
#ifdef NDEBUG
    return false;   // nobody asks
#endif
    const auto status = read_file_if_there("/proc/self/status", 1 << 16).value_or("");
    return status.find("TracerPid:") != std::string::npos &&
           status.find("TracerPid:\t0\n") == std::string::npos;
}

bool filter_system_calls(May may, [[maybe_unused]] bool lenient)
{
#ifdef NDEBUG
    const std::uint32_t otherwise = SCMP_ACT_ERRNO(EPERM);
#else
    const std::uint32_t otherwise = lenient ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS;
#endif
    const Filter filter(seccomp_init(otherwise));
    if (!filter) throw_error(ENOMEM, "unable to build the system call filter");
    allow(filter, always);
    allow_plain_memory(filter);
    allow_library_text(filter);
    if (includes(may, May::read_files) || includes(may, May::write_files)) allow(filter, reading);
    if (includes(may, May::write_files))
        allow(filter, writing);
    else if (includes(may, May::read_files))
        allow_opening_to_read(filter);
    if (includes(may, May::use_network)) allow(filter, networking);
    if (includes(may, May::start_programs))
        allow(filter, starting);
    else if (includes(may, May::start_threads))
        allow_threads(filter);
    const int loaded = seccomp_load(filter.get());
    if (loaded == -EINVAL || loaded == -ENOSYS || loaded == -ECANCELED) return false;
    check(loaded);
    return true;
}

}
