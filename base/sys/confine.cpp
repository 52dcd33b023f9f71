#include "base/sys/confine.hpp"

#include "base/sys/error.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/system_call_filter.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace grapnel {

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);
#else
constexpr bool sanitized = false;
#endif

// Both limits, but never above what we were given.
void limit(__rlimit_resource_t resource, std::uint64_t value)
{
    struct rlimit now {};
    if (::getrlimit(resource, &now) != 0) throw_errno("unable to read resource limits");
    const auto wanted = std::min<rlim_t>(value, now.rlim_max);
    const struct rlimit both {
        wanted, wanted
    };
    if (::setrlimit(resource, &both) != 0) throw_errno("unable to set resource limits");
}

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
constexpr std::uint64_t truncate_abi_3 =
    1u << 14;   // LANDLOCK_ACCESS_FS_TRUNCATE, not in Debian 12's header

class Landlock {
public:
    explicit Landlock(long abi)
        : write_(write_access | (abi >= 2 ? linking_abi_2 : 0) | (abi >= 3 ? truncate_abi_3 : 0))
    {
        const struct landlock_ruleset_attr handled {
            read_access | write_ | LANDLOCK_ACCESS_FS_EXECUTE
        };
        rules_ = Fd(
            static_cast<int>(::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
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

bool restrict_paths(const Confinement::Paths& paths)
{
    const long abi =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) return false;
    const Landlock landlock(abi);
    for (const auto& path : paths.readable) landlock.allow(path, read_access);
    for (const auto& path : paths.writable) landlock.allow(path, read_access | landlock.writing());
    for (const auto& path : paths.executable)
        landlock.allow(path, read_access | LANDLOCK_ACCESS_FS_EXECUTE);
    landlock.enforce();
    return true;
}

}

std::vector<std::string> confine(const Confinement& confinement)
{
    std::vector<std::string> missing;
    const bool lenient = is_traced();
    limit(RLIMIT_CORE, 0);
    if (confinement.descriptors) limit(RLIMIT_NOFILE, *confinement.descriptors);
    if (confinement.processes) limit(RLIMIT_NPROC, *confinement.processes);
    if (confinement.memory && !sanitized) limit(RLIMIT_AS, *confinement.memory);
    if (confinement.file_size) limit(RLIMIT_FSIZE, *confinement.file_size);
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) throw_errno("unable to forbid dumps");
    // Landlock and the filter need it too, unless we are privileged.
    if (confinement.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        throw_errno("unable to forbid new privileges");
    if (confinement.paths && !restrict_paths(*confinement.paths)) missing.emplace_back("landlock");
    if (confinement.system_calls && !sanitized &&
        !filter_system_calls(*confinement.system_calls, lenient))
        missing.emplace_back("seccomp");
    return missing;
}

}
