#include "smtpd/queue_load.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace grapnel::smtpd {

namespace {

using namespace std::chrono_literals;

constexpr auto good_for = 1s;
constexpr std::size_t most_held = 256u << 20, commits_a_processor = 2 * 64;

// The queue directory itself may be closed to us: its name is enough. What is free is free for
// everybody but root.
std::optional<DiskRoom> room_at(const std::string& path)
{
    struct statvfs facts {};
    if (::statvfs(path.c_str(), &facts) != 0 || facts.f_blocks == 0) return std::nullopt;
    DiskRoom room{facts.f_bavail * facts.f_frsize, facts.f_blocks * facts.f_frsize};
    if (facts.f_files > 0) room.files = facts.f_favail;
    return room;
}

// A quarter of what this process may have.
std::size_t memory_for_messages()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return most_held;
    return std::min<std::size_t>(most_held, limit.rlim_cur / 4);
}

}

QueueLoad::QueueLoad(std::string queue, SharedView shared)
    : queue_(std::move(queue)), shared_(shared)
{
    state_.most_waiting = commits_a_processor * std::max(1u, std::thread::hardware_concurrency());
    state_.most_held = memory_for_messages();
}

// That there is room is believed for a second; that there is none is looked at each time, so that
// mail flows as soon as there is some.
void QueueLoad::look_at_disk(std::uint64_t size, Moment now)
{
    QueueState only_disk;
    only_disk.disk = state_.disk;
    if (looked_ != Moment{} && now - looked_ < good_for && !smtpd::refusal(only_disk, size)) return;
    state_.disk = room_at(queue_);
    looked_ = now;
}

std::optional<Answer> QueueLoad::refusal(std::uint64_t size, Moment now)
{
    look_at_disk(size, now);
    state_.commits_are_slow = times_.are_slow(now);
    state_.waiting = state_.waiting_here = times_.waiting();
    if (!shared_.parts.empty()) {
        state_.waiting = 0;
        for (const auto& part : shared_.parts) state_.waiting += part.waiting;
    }
    return smtpd::refusal(state_, size);
}

void QueueLoad::publish() const
{
    if (!shared_.parts.empty())
        shared_.mine().waiting = static_cast<std::uint32_t>(times_.waiting());
}

QueueLoad::Commit::Commit(QueueLoad* load) : load_(load), begun_(std::chrono::steady_clock::now())
{
    if (!load_) return;
    load_->times_.begun(begun_);
    load_->publish();
}

QueueLoad::Commit::~Commit()
{
    if (!load_) return;
    load_->times_.ended(begun_, std::chrono::steady_clock::now());
    load_->publish();
}

void QueueLoad::Held::set(std::size_t bytes)
{
    if (load_) load_->state_.held += bytes - bytes_;
    bytes_ = bytes;
}

}
