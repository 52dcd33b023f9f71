#include "smtpd/usage.hpp"

#include "base/net/digest.hpp"
#include "base/net/secrets.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "smtpd/log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace grapnel::smtpd {

namespace {

constexpr std::uint64_t format_number = 0x31656761737567;   // "gusage1"

std::uint32_t begun(std::uint64_t state) { return static_cast<std::uint32_t>(state >> 32); }
std::uint32_t count(std::uint64_t state) { return static_cast<std::uint32_t>(state); }
std::uint64_t state_of(std::time_t begin, std::uint32_t number)
{
    return std::uint64_t{static_cast<std::uint32_t>(begin)} << 32 | number;
}

// A clock that was set back ends an hour, too.
bool is_over(std::uint64_t state, std::time_t now)
{
    return state == 0 || now < begun(state) || now - begun(state) >= Usage::an_hour;
}

// All of it is on the disk: a write to the mapping can no longer fail.
void lay_out(int file, const std::string& path, std::size_t size)
{
    int error = ::ftruncate(file, 0) == 0 ? 0 : errno;
    if (error == 0) error = ::posix_fallocate(file, 0, static_cast<off_t>(size));
    if (error != 0) throw std::system_error(error, std::generic_category(), path);
}

template <class Number>
Number number_in(std::string_view bytes)
{
    Number number{};
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
}

}

// Whoever finds it empty, or of another make, lays it out anew; others wait for that.
std::optional<Usage> Usage::open(const std::string& path, std::string& why)
{
    static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
    try {
        const Fd file = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
        while (::flock(file.get(), LOCK_EX) != 0 && errno == EINTR) {}
        const auto facts = status(file.get(), path);
        if (!S_ISREG(facts.st_mode)) throw std::system_error(EINVAL, std::generic_category(), path);
        if (facts.st_size != static_cast<off_t>(sizeof(Table)))
            lay_out(file.get(), path, sizeof(Table));
        void* room =
            ::mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
        if (room == MAP_FAILED) throw std::system_error(errno, std::generic_category(), path);
        auto* table = static_cast<Table*>(room);
        Usage usage(table);
        if (table->format != format_number) {
            for (auto& bucket : table->slot)
                for (auto& slot : bucket) slot.key = slot.state = 0;
            table->seed = number_in<std::uint64_t>(net::random_bytes(sizeof table->seed));
            table->format = format_number;
        }
        ::flock(file.get(), LOCK_UN);
        return usage;
    } catch (const std::exception& error) {
        why = error.what();
        return std::nullopt;
    }
}

Usage::Usage(Usage&& other) noexcept : table_(std::exchange(other.table_, nullptr)) {}

Usage::~Usage()
{
    if (table_) ::munmap(table_, sizeof(Table));
}

// The seed is this host's secret: nobody can choose names that share a bucket.
std::uint64_t Usage::key_of(std::string_view what, std::string_view name) const
{
    const std::string_view seed(reinterpret_cast<const char*>(&table_->seed), sizeof table_->seed);
    const auto digest = net::hmac_sha256(seed, std::string(what) + '\0' + std::string(name));
    const auto key = number_in<std::uint64_t>(digest);
    return key == 0 ? 1 : key;
}

Usage::Slot* Usage::find(std::uint64_t key) const
{
    for (auto& slot : table_->slot[key % buckets])
        if (slot.key == key) return &slot;
    return nullptr;
}

// Two who look for a place at the same time may take the same one; then one of them counts anew.
Usage::Slot& Usage::place(std::uint64_t key, std::time_t now)
{
    if (auto* his = find(key)) return *his;
    auto& bucket = table_->slot[key % buckets];
    Slot* oldest = &bucket[0];
    for (auto& slot : bucket) {
        if (slot.key == 0 || is_over(slot.state, now)) {
            oldest = &slot;
            break;
        }
        if (begun(slot.state) < begun(oldest->state)) oldest = &slot;
    }
    oldest->key = key;
    oldest->state = 0;
    return *oldest;
}

std::uint32_t Usage::used(std::string_view what, std::string_view name, std::time_t now) const
{
    const auto* slot = find(key_of(what, name));
    const std::uint64_t state = slot ? slot->state.load() : 0;
    return is_over(state, now) ? 0 : count(state);
}

bool Usage::use(std::string_view what, std::string_view name, std::uint32_t number,
                std::uint32_t most, std::time_t now)
{
    auto& slot = place(key_of(what, name), now);
    auto state = slot.state.load();
    for (;;) {
        const bool over = is_over(state, now);
        const std::uint32_t before = over ? 0 : count(state);
        if (most > 0 && (number > most || before > most - number)) return false;
        const std::uint32_t after = before > UINT32_MAX - number ? UINT32_MAX : before + number;
        if (slot.state.compare_exchange_weak(state, state_of(over ? now : begun(state), after)))
            return true;
    }
}

std::uint32_t Usage::left_of_hour(std::string_view what, std::string_view name,
                                  std::time_t now) const
{
    const auto* slot = find(key_of(what, name));
    const std::uint64_t state = slot ? slot->state.load() : 0;
    if (is_over(state, now)) return 0;
    return an_hour - static_cast<std::uint32_t>(now - begun(state));
}

std::optional<Usage> open_usage()
{
    std::string why;
    auto usage = Usage::open(home() + "/run/spool/" + std::string(usage_file), why);
    if (!usage) log::server("limits by the hour are not held: " + why);
    return usage;
}

}
