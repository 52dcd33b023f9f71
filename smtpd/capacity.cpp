#include "smtpd/capacity.hpp"

#include <algorithm>
#include <limits>

namespace grapnel::smtpd {

namespace {

constexpr std::uint64_t least_files = 1000, kept_percent = 5;
constexpr std::chrono::seconds slow_commit{5};
constexpr std::size_t remembered = 20;

// A message is there twice for a moment: in the queue, and where it is delivered.
bool is_short(const DiskRoom& disk, std::uint64_t size)
{
    if (disk.files && *disk.files < least_files) return true;
    const auto kept = disk.all / 100 * kept_percent;
    return disk.free < kept || (disk.free - kept) / 2 < size;
}

}

std::optional<Answer> refusal(const QueueState& state, std::uint64_t size)
{
    if (state.disk && is_short(*state.disk, size))
        return Answer(452, "4.3.1", "the queue's disk is nearly full, try again (#4.3.1)")
            .because("disk");
    const auto busy = [](const char* why) {
        return Answer(451, "4.3.2", "the queue is too busy, try again (#4.3.2)").because(why);
    };
    // One message at a time finds out when the disk is fast again.
    if (state.commits_are_slow && state.waiting_here > 0) return busy("slow-commits");
    if (state.waiting >= state.most_waiting) return busy("waiting-commits");
    if (state.held >= state.most_held) return busy("memory");
    return std::nullopt;
}

void CommitTimes::ended(Moment begun, Moment now)
{
    const auto found = waiting_.find(begun);
    if (found != waiting_.end()) waiting_.erase(found);
    was_slow_.push_front(now - begun > slow_commit);
    if (was_slow_.size() > remembered) was_slow_.pop_back();
}

bool CommitTimes::are_slow(Moment now) const
{
    std::size_t slow = 0;
    for (auto one = waiting_.begin(); one != waiting_.end() && now - *one > slow_commit; ++one)
        if (++slow == remembered) break;
    const auto ended = std::min(was_slow_.size(), remembered - slow);
    const auto all = slow + ended;
    slow += static_cast<std::size_t>(std::count(
        was_slow_.begin(), was_slow_.begin() + static_cast<std::ptrdiff_t>(ended), true));
    return slow > all / 10;
}

}
