#include "base/sys/confine.hpp"

#include "base/sys/dumps.hpp"
#include "base/sys/error.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/kernel.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/system_call_filter.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace grapnel {

namespace {

constexpr std::uint64_t read_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t write_access =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
    LANDLOCK_ACCESS_FS_MAKE_SYM;
constexpr std::uint64_t directory_only = ~static_cast<std::uint64_t>(
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE);
constexpr std::uint64_t linking_abi_2 =
    1u << 13;   // LANDLOCK_ACCESS_FS_REFER: link and rename across directories

// What Debian 12's header does not know.
constexpr std::uint64_t truncate_abi_3 = 1u << 14;   // LANDLOCK_ACCESS_FS_TRUNCATE
constexpr std::uint64_t tcp_abi_4 =
    1u << 0 | 1u << 1;   // LANDLOCK_ACCESS_NET_BIND_TCP, _CONNECT_TCP
constexpr std::uint64_t scope_abi_6 =
    1u << 0 | 1u << 1;   // LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, _SIGNAL
struct RulesetAttributes {
    std::uint64_t files, network, scopes;
};
std::size_t size_for(long abi) { return abi >= 6 ? 24 : abi >= 4 ? 16 : 8; }

class Landlock {
public:
    Landlock(long abi, bool without_network)
        : write_(write_access | (abi >= 2 ? linking_abi_2 : 0) | (abi >= 3 ? truncate_abi_3 : 0))
    {
        const RulesetAttributes handled{read_access | write_ | LANDLOCK_ACCESS_FS_EXECUTE,
                                        without_network ? tcp_abi_4 : 0, scope_abi_6};
        rules_ = Fd(
            static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, size_for(abi), 0)));
        if (!rules_) throw_errno("unable to make a Landlock rule set");
    }

    void allow(const std::string& path, std::uint64_t access) const
    {
        const Fd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
        if (!place && (errno == ENOENT || errno == EACCES || errno == ENOTDIR)) return;
        if (!place) throw_errno("unable to open", path);
        struct stat about {};
        if (::fstat(place.get(), &about) != 0) throw_errno("unable to stat", path);
        if (!S_ISDIR(about.st_mode)) access &= ~directory_only | (access & truncate_abi_3);
        const struct landlock_path_beneath_attr rule {
            access, place.get()
        };
        if (::syscall(SYS_landlock_add_rule, rules_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) !=
            0)
            throw_errno("unable to add a Landlock rule for", path);
    }

    void enforce() const
    {
        if (::syscall(SYS_landlock_restrict_self, rules_.get(), 0) != 0)
            throw_errno("unable to enforce Landlock");
    }

    std::uint64_t writing() const { return write_; }

private:
    std::uint64_t write_;
    Fd rules_;
};

// The first version lets nobody link from one directory to another, as queues do.
bool restrict_paths(const Confinement::Paths& paths, bool without_network)
{
    const long abi = landlock_abi();
    if (abi < 1 || (abi < 2 && !paths.writable.empty())) return false;
    const Landlock landlock(abi, without_network);
    for (const auto& path : paths.readable) landlock.allow(path, read_access);
    for (const auto& path : paths.writable) landlock.allow(path, read_access | landlock.writing());
    for (const auto& path : paths.executable)
        landlock.allow(path, read_access | LANDLOCK_ACCESS_FS_EXECUTE);
    for (const auto& path : paths.emptied)
        landlock.allow(path, read_access | LANDLOCK_ACCESS_FS_REMOVE_FILE);
    for (const auto& path : paths.scratch)
        landlock.allow(path, read_access | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE);
    landlock.enforce();
    return true;
}

bool needs_network(const std::optional<May>& calls)
{
    return !calls || includes(*calls, May::use_network);
}

}

std::vector<std::string> confine(const Confinement& confinement)
{
    std::vector<std::string> missing;
    const bool lenient = is_traced();
    limit(Limit::core_size, 0);
    if (confinement.descriptors) limit(Limit::descriptors, *confinement.descriptors);
    if (confinement.processes) limit(Limit::processes, *confinement.processes);
    if (confinement.memory) limit(Limit::memory, *confinement.memory);
    if (confinement.file_size) limit(Limit::file_size, *confinement.file_size);
    forbid_dumps();
    // Landlock and the filter need it too, unless we are privileged.
    if (confinement.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        throw_errno("unable to forbid new privileges");
    if (confinement.paths &&
        !restrict_paths(*confinement.paths, !needs_network(confinement.system_calls)))
        missing.emplace_back("landlock");
    if (confinement.system_calls && !address_sanitizer &&
        !filter_system_calls(*confinement.system_calls, lenient))
        missing.emplace_back("seccomp");
    return missing;
}

}
