#include "remote/file_watch.hpp"

#include "base/sys/file.hpp"

#include <cstdint>
#include <ctime>
#include <utility>

namespace grapnel::remote {

namespace {

// The kernel stamps files by a clock that stands still for some milliseconds.
bool is_fresh(const timespec& stamp)
{
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    constexpr std::int64_t second = 1'000'000'000, doubt = second / 10;
    return (now.tv_sec - stamp.tv_sec) * second + (now.tv_nsec - stamp.tv_nsec) < doubt;
}

}

FileWatch::FileWatch(std::vector<std::string> paths)
    : paths_(std::move(paths)), seen_(paths_.size())
{
}

bool FileWatch::changed()
{
    bool differs = !settled_;
    settled_ = true;
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        const auto facts = status_if_there(paths_[i]);
        struct stat now {};
        if (facts) now = *facts;
        auto& before = seen_[i];
        differs = differs || !is_unchanged(before, now);
        settled_ = settled_ && (!facts || !is_fresh(now.st_ctim));
        before = now;
    }
    return differs;
}

}
