// Resource limits of this process. A soft one binds it alone: spawn gives the programs that it
// starts what was there before, because users' programs run under the limits that their operator
// chose.
#pragma once

#include <cstddef>
#include <cstdint>

namespace grapnel {

#if defined(__SANITIZE_ADDRESS__)
#define GRAPNEL_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GRAPNEL_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef GRAPNEL_ADDRESS_SANITIZER
inline constexpr bool address_sanitizer = true;
#else
inline constexpr bool address_sanitizer = false;
#endif

enum class Limit { memory, descriptors, processes, file_size, core_size, processor_time };

// memory: what it can write to of its own, in bytes; not files that are mapped. AddressSanitizer
// needs more than any limit: there nothing happens.

// For good, for all that it starts, too; never more than was given.
void limit(Limit which, std::uint64_t value);

// For this process alone; never more than was given.
void limit_ourselves(Limit which, std::uint64_t value);

// For who starts others, under the limits and rights that these would have without us (a user's own
// programs, a setuid qmail-queue): so much memory, and no core file.
void hold_back(std::uint64_t memory);

// For this process alone: room for that much, as far as the hard limit allows it; what there is
// now.
std::uint64_t raise_ourselves(Limit which, std::uint64_t value);

// How much of something a server may take that needs so many descriptors for each, and some
// besides: at most that many.
std::size_t places_by_descriptors(std::size_t most, std::size_t each, std::size_t besides);

// As much as whoever started us allows. What we were started with is forgotten.
void raise_to_hard_limit(Limit which);

// Undoes every limit_ourselves() and raise_ourselves(). Between fork and exec: makes no calls but
// setrlimit.
void give_back_limits() noexcept;

}
