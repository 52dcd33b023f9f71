#include "base/sys/system_call_filter.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/filter_program.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>

namespace grapnel {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t architecture = AUDIT_ARCH_RISCV64;
#else
constexpr std::uint32_t architecture = 0;   // no filter: nobody has looked at its calls
#endif

// Newer machines have no calls that others replaced: there is no open beside openat.
constexpr int always[] = {SYS_read,
                          SYS_readv,
                          SYS_pread64,
                          SYS_preadv,
                          SYS_write,
                          SYS_writev,
                          SYS_pwritev2,
                          SYS_pwrite64,
                          SYS_pwritev,
                          SYS_close,
                          SYS_close_range,
                          SYS_fstat,
                          SYS_lseek,
                          SYS_fcntl,
                          SYS_dup,
                          SYS_dup3,
                          SYS_ioctl,
                          SYS_ppoll,
                          SYS_pselect6,
                          SYS_epoll_create1,
                          SYS_epoll_ctl,
                          SYS_epoll_pwait,
                          SYS_epoll_pwait2,
                          SYS_eventfd2,
                          SYS_timerfd_create,
                          SYS_timerfd_settime,
                          SYS_timerfd_gettime,
                          SYS_pipe2,
                          SYS_signalfd4,
                          SYS_brk,
                          SYS_munmap,
                          SYS_mremap,
                          SYS_madvise,
                          SYS_membarrier,
                          SYS_futex,
                          SYS_set_robust_list,
                          SYS_rseq,
                          SYS_sched_yield,
                          SYS_sched_getaffinity,
                          SYS_rt_sigaction,
                          SYS_rt_sigprocmask,
                          SYS_rt_sigreturn,
                          SYS_sigaltstack,
                          SYS_rt_sigtimedwait,
                          SYS_restart_syscall,
                          SYS_exit,
                          SYS_exit_group,
                          SYS_tgkill,
                          SYS_kill,
                          SYS_setitimer,
                          SYS_getitimer,
                          SYS_clock_gettime,
                          SYS_clock_getres,
                          SYS_clock_nanosleep,
                          SYS_nanosleep,
                          SYS_gettimeofday,
                          SYS_times,
                          SYS_getrusage,
                          SYS_sysinfo,
                          SYS_uname,
                          SYS_getrandom,
                          SYS_getpid,
                          SYS_getppid,
                          SYS_gettid,
                          SYS_getuid,
                          SYS_geteuid,
                          SYS_getgid,
                          SYS_getegid,
                          SYS_getgroups,
                          SYS_getrlimit,
                          SYS_prlimit64,
                          SYS_prctl,
                          SYS_sendmsg,
                          SYS_recvmsg,
                          SYS_sendto,
                          SYS_recvfrom,
                          SYS_getsockopt,
                          SYS_setsockopt,
                          SYS_getsockname,
                          SYS_getpeername,
                          SYS_shutdown,
                          SYS_accept,
                          SYS_accept4,
                          SYS_sendfile,
                          SYS_splice,
                          SYS_copy_file_range,
                          SYS_flock,
                          SYS_chdir,
                          SYS_fchdir,
                          SYS_getcwd,
                          SYS_umask
#ifdef SYS_open
                          ,
                          SYS_dup2,
                          SYS_poll,
                          SYS_select,
                          SYS_epoll_wait,
                          SYS_alarm,
                          SYS_time,
                          SYS_arch_prctl
#endif
};
constexpr int reading[] = {SYS_newfstatat,
                           SYS_statx,
                           SYS_faccessat,
                           SYS_faccessat2,
                           SYS_readlinkat,
                           SYS_getdents64,
                           SYS_statfs,
                           SYS_fstatfs
#ifdef SYS_open
                           ,
                           SYS_stat,
                           SYS_lstat,
                           SYS_access,
                           SYS_readlink
#endif
};
constexpr int writing[] = {SYS_openat,
                           SYS_linkat,
                           SYS_unlinkat,
                           SYS_renameat,
                           SYS_renameat2,
                           SYS_mkdirat,
                           SYS_truncate,
                           SYS_ftruncate,
                           SYS_fallocate,
                           SYS_fsync,
                           SYS_fdatasync,
                           SYS_syncfs,
                           SYS_sync_file_range,
                           SYS_utimensat,
                           SYS_fchmod,
                           SYS_fchmodat,
                           SYS_fchown,
                           SYS_memfd_create
#ifdef SYS_open
                           ,
                           SYS_open,
                           SYS_creat,
                           SYS_link,
                           SYS_unlink,
                           SYS_rename,
                           SYS_mkdir,
                           SYS_rmdir,
                           SYS_chmod
#endif
};
constexpr int removing[] = {SYS_unlinkat
#ifdef SYS_open
                            ,
                            SYS_unlink
#endif
};
constexpr int keeping_scratch[] = {SYS_openat, SYS_unlinkat, SYS_memfd_create
#ifdef SYS_open
                                   ,
                                   SYS_open, SYS_unlink
#endif
};
constexpr int networking[] = {SYS_connect,  SYS_bind,     SYS_listen,
                              SYS_sendmmsg, SYS_recvmmsg, SYS_memfd_create};
constexpr int starting[] = {SYS_execve,
                            SYS_execveat,
                            SYS_wait4,
                            SYS_waitid,
                            SYS_pidfd_open,
                            SYS_setuid,
                            SYS_setgid,
                            SYS_setresuid,
                            SYS_setresgid,
                            SYS_setgroups,
                            SYS_set_tid_address,
                            SYS_setsid,
                            SYS_setpgid,
                            SYS_pidfd_send_signal
#ifdef SYS_open
                            ,
                            SYS_fork,
                            SYS_vfork
#endif
};

// Memory that is written is never executed. Libraries that are loaded late (name service, OpenSSL
// providers) map their text read-only and executable.
void allow_memory(CallSet& calls)
{
    for (const int call : {SYS_mmap, SYS_mprotect}) calls.allow_if(call, {{2, PROT_EXEC, 0}});
    calls.allow_if(SYS_mmap, {{2, PROT_EXEC | PROT_WRITE, PROT_EXEC}});
}

// No name spaces. clone3 hides its flags behind a pointer: glibc takes "no such call" and uses
// clone.
void allow_clone(CallSet& calls, May may)
{
    constexpr std::uint32_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                     CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
    const bool programs = includes(may, May::start_programs);
    if (programs) calls.allow(starting);
    if (!programs && !includes(may, May::start_threads)) return;
    const std::uint32_t thread = programs ? 0 : CLONE_THREAD;
    calls.allow_if(SYS_clone, {{0, thread | spaces, thread}});
    calls.refuse(SYS_clone3, ENOSYS);
    calls.allow_if(SYS_set_tid_address, {});
}

// Opening with none of these flags.
void allow_opening_without(CallSet& calls, std::uint32_t flags)
{
    calls.allow_if(SYS_openat, {{2, flags, 0}});
#ifdef SYS_open
    calls.allow_if(SYS_open, {{1, flags, 0}});
#endif
}

void allow_files(CallSet& calls, May may)
{
    constexpr std::uint32_t creating = O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
    if (includes(may, May::remove_files)) calls.allow(removing);
    if (includes(may, May::read_files) || includes(may, May::write_files) ||
        includes(may, May::change_files))
        calls.allow(reading);
    if (includes(may, May::keep_scratch)) calls.allow(keeping_scratch);
    if (includes(may, May::write_files))
        calls.allow(writing);
    else if (includes(may, May::keep_scratch))
        return;
    else if (includes(may, May::change_files))
        allow_opening_without(calls, creating);
    else if (includes(may, May::read_files))
        allow_opening_without(calls, creating | O_ACCMODE | O_APPEND);
}

// Raw, packet and kernel sockets are nobody's; one of netlink tells the addresses of this host.
void allow_sockets(CallSet& calls, May may)
{
    const bool network = includes(may, May::use_network);
    if (!network && !includes(may, May::use_local_sockets)) return;
    constexpr std::uint32_t whole = ~0u, kind = 15;
    calls.allow(networking);
    for (const int call : {SYS_socket, SYS_socketpair}) calls.allow_if(call, {{0, whole, AF_UNIX}});
    if (!network) return;
    for (const std::uint32_t family : {std::uint32_t{AF_INET}, std::uint32_t{AF_INET6}})
        for (const std::uint32_t type : {SOCK_STREAM, SOCK_DGRAM})
            calls.allow_if(SYS_socket, {{0, whole, family}, {1, kind, type}});
    calls.allow_if(SYS_socket, {{0, whole, AF_NETLINK}, {2, whole, NETLINK_ROUTE}});
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
    if (architecture == 0) return false;
    std::uint32_t otherwise = SECCOMP_RET_ERRNO | EPERM;
#ifndef NDEBUG
    if (!lenient) otherwise = SECCOMP_RET_KILL_PROCESS;
#endif
    CallSet calls;
    calls.allow(always);
    allow_memory(calls);
    allow_files(calls, may);
    allow_sockets(calls, may);
    allow_clone(calls, may);
    auto instructions = calls.program(architecture, otherwise);
    const sock_fprog program{static_cast<unsigned short>(instructions.size()), instructions.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0) return true;
    if (errno != EINVAL && errno != ENOSYS) throw_errno("unable to set the system call filter");
    return false;
}

}
