#include "base/sys/limits.hpp"

#include "base/sys/error.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <optional>

namespace grapnel {

namespace {

using Resource = __rlimit_resource_t;

constexpr std::array<Resource, 6> resources{RLIMIT_DATA,  RLIMIT_NOFILE, RLIMIT_NPROC,
                                            RLIMIT_FSIZE, RLIMIT_CORE,   RLIMIT_CPU};

Resource resource(Limit which) { return resources[static_cast<std::size_t>(which)]; }

struct rlimit current(Resource which)
{
    struct rlimit now {};
    if (::getrlimit(which, &now) != 0) throw_errno("unable to read resource limits");
    return now;
}

void set(Resource which, const struct rlimit& wanted)
{
    if (::setrlimit(which, &wanted) != 0) throw_errno("unable to set resource limits");
}

// What soft limits were before we changed them.
std::array<std::optional<rlim_t>, resources.size()>& before()
{
    static std::array<std::optional<rlim_t>, resources.size()> values;
    return values;
}

}

void limit(Limit which, std::uint64_t value)
{
    if (address_sanitizer && which == Limit::memory) return;
    const auto wanted = std::min<rlim_t>(value, current(resource(which)).rlim_max);
    before()[static_cast<std::size_t>(which)].reset();
    set(resource(which), {wanted, wanted});
}

void limit_ourselves(Limit which, std::uint64_t value)
{
    if (address_sanitizer && which == Limit::memory) return;
    const auto now = current(resource(which));
    auto& kept = before()[static_cast<std::size_t>(which)];
    if (!kept) kept = now.rlim_cur;
    set(resource(which), {std::min<rlim_t>(value, *kept), now.rlim_max});
}

std::size_t places_by_descriptors(std::size_t most, std::size_t each, std::size_t besides)
{
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return most;
    const std::size_t descriptors = std::max<std::size_t>(limit.rlim_cur, 2 * besides);
    return std::min(most, (descriptors - besides) / each);
}

void hold_back(std::uint64_t memory)
{
    limit_ourselves(Limit::memory, memory);
    limit_ourselves(Limit::core_size, 0);
}

std::uint64_t raise_ourselves(Limit which, std::uint64_t value)
{
    const auto now = current(resource(which));
    const auto wanted = std::clamp<rlim_t>(value, now.rlim_cur, now.rlim_max);
    if (wanted == now.rlim_cur) return wanted;
    auto& kept = before()[static_cast<std::size_t>(which)];
    if (!kept) kept = now.rlim_cur;
    set(resource(which), {wanted, now.rlim_max});
    return wanted;
}

void raise_to_hard_limit(Limit which)
{
    const auto now = current(resource(which));
    before()[static_cast<std::size_t>(which)].reset();
    set(resource(which), {now.rlim_max, now.rlim_max});
}

void give_back_limits() noexcept
{
    for (std::size_t i = 0; i < resources.size(); ++i) {
        if (!before()[i]) continue;
        struct rlimit now {};
        if (::getrlimit(resources[i], &now) != 0) continue;
        now.rlim_cur = *before()[i];
        ::setrlimit(resources[i], &now);
    }
}

}
