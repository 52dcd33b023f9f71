#include "base/sys/error.hpp"

#include <array>
#include <cerrno>
#include <utility>

namespace grapnel {

namespace {

constexpr std::pair<int, std::string_view> reasons[] = {
    {EINTR, "interrupted system call"},
    {ENOMEM, "out of memory"},
    {ENOENT, "file does not exist"},
    {ETXTBSY, "text busy"},
    {EIO, "input/output error"},
    {EEXIST, "file already exists"},
    {ETIMEDOUT, "timed out"},
    {EINPROGRESS, "operation in progress"},
    {EAGAIN, "temporary failure"},
    {EPIPE, "broken pipe"},
    {EPERM, "permission denied"},
    {EACCES, "access denied"},
    {ESRCH, "no such process"},
    {ENXIO, "device not configured"},
    {ENOEXEC, "exec format error"},
    {EBADF, "file descriptor not open"},
    {ECHILD, "no child processes"},
    {EDEADLK, "operation would cause deadlock"},
    {EFAULT, "bad address"},
    {ENOTBLK, "not a block device"},
    {EBUSY, "device busy"},
    {EXDEV, "cross-device link"},
    {ENODEV, "device does not support operation"},
    {ENOTDIR, "not a directory"},
    {EISDIR, "is a directory"},
    {EINVAL, "invalid argument"},
    {ENFILE, "system cannot open more files"},
    {EMFILE, "process cannot open more files"},
    {ENOTTY, "not a tty"},
    {EFBIG, "file too big"},
    {ENOSPC, "out of disk space"},
    {ESPIPE, "unseekable descriptor"},
    {EROFS, "read-only file system"},
    {EMLINK, "too many links"},
    {EDOM, "input out of range"},
    {ERANGE, "output out of range"},
    {EALREADY, "operation already in progress"},
    {ENOTSOCK, "not a socket"},
    {EDESTADDRREQ, "destination address required"},
    {EMSGSIZE, "message too long"},
    {EPROTOTYPE, "incorrect protocol type"},
    {ENOPROTOOPT, "protocol not available"},
    {EPROTONOSUPPORT, "protocol not supported"},
    {ESOCKTNOSUPPORT, "socket type not supported"},
    {EOPNOTSUPP, "operation not supported"},
    {EPFNOSUPPORT, "protocol family not supported"},
    {EAFNOSUPPORT, "address family not supported"},
    {EADDRINUSE, "address already used"},
    {EADDRNOTAVAIL, "address not available"},
    {ENETDOWN, "network down"},
    {ENETUNREACH, "network unreachable"},
    {ENETRESET, "network reset"},
    {ECONNABORTED, "connection aborted"},
    {ECONNRESET, "connection reset"},
    {ENOBUFS, "out of buffer space"},
    {EISCONN, "already connected"},
    {ENOTCONN, "not connected"},
    {ESHUTDOWN, "socket shut down"},
    {ETOOMANYREFS, "too many references"},
    {ECONNREFUSED, "connection refused"},
    {ELOOP, "symbolic link loop"},
    {ENAMETOOLONG, "file name too long"},
    {EHOSTDOWN, "host down"},
    {EHOSTUNREACH, "host unreachable"},
    {ENOTEMPTY, "directory not empty"},
    {EUSERS, "too many users"},
    {EDQUOT, "disk quota exceeded"},
    {ESTALE, "stale NFS file handle"},
    {EREMOTE, "too many levels of remote in path"},
    {ENOLCK, "no locks available"},
    {ENOSYS, "system call not available"},
    {ENOSTR, "not a stream device"},
    {ETIME, "timer expired"},
    {ENOSR, "out of stream resources"},
    {ENOMSG, "no message of desired type"},
    {EBADMSG, "bad message type"},
    {EIDRM, "identifier removed"},
    {ENONET, "machine not on network"},
    {ENOLINK, "link severed"},
    {EADV, "advertise error"},
    {ESRMNT, "srmount error"},
    {ECOMM, "communication error"},
    {EPROTO, "protocol error"},
    {EMULTIHOP, "multihop attempted"},
    {EREMCHG, "remote address changed"},
};

constexpr std::array temporary_errors{
    EINTR,        ENOMEM,       ETXTBSY,    EIO,     ETIMEDOUT,    EAGAIN,       EDEADLK,
    EBUSY,        ENFILE,       EMFILE,     EFBIG,   ENOSPC,       ENETDOWN,     ENETUNREACH,
    ENETRESET,    ECONNABORTED, ECONNRESET, ENOBUFS, ETOOMANYREFS, ECONNREFUSED, EHOSTDOWN,
    EHOSTUNREACH, EUSERS,       EDQUOT,     ESTALE,  ENOLCK};

}

void throw_error(int number, std::string_view action, std::string_view name)
{
    std::string text(action);
    if (!name.empty()) text.append(" ").append(name);
    throw std::system_error(number, std::generic_category(), text);
}

void throw_errno(std::string_view action, std::string_view name)
{
    throw_error(errno, action, name);
}

std::string_view reason(int number)
{
    for (const auto& [known, words] : reasons)
        if (known == number) return words;
    return number == 0 ? "no error" : "unknown error";
}

bool is_temporary(int number)
{
    for (const int known : temporary_errors)
        if (known == number) return true;
    return false;
}

}
