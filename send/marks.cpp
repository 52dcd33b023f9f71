#include "send/marks.hpp"

#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "send/broken.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace grapnel::send {

namespace {

constexpr Due group_time = 100;

std::string folder(queue::Channel channel)
{
    return channel == queue::Channel::local ? "local" : "remote";
}

// intd may not be read by qmail-send's user: then all of the file system is flushed.
void sync_removals_from_intd()
{
    const Fd intd(::open("intd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (intd) return sync(intd.get(), "intd");
    if (errno != EACCES) throw_errno("unable to open", "intd");
    const Fd any = open_file(".", O_RDONLY | O_DIRECTORY);
    if (::syncfs(any.get()) != 0) throw_errno("unable to flush the file system of", "queue");
}

}

std::string channel_file(const queue::Spool& spool, queue::Channel channel, queue::MessageNumber n)
{
    return channel == queue::Channel::local ? spool.local(n) : spool.remote(n);
}

void Marks::done(queue::Channel channel, queue::MessageNumber n, std::uint64_t offset, Due now)
{
    const auto path = channel_file(spool_, channel, n);
    auto known = files_.find(path);
    if (known == files_.end()) known = files_.emplace(path, open_file(path, O_WRONLY)).first;
    write_at(known->second.get(), "D", static_cast<off_t>(offset), path);
    changed(now);
}

void Marks::finished(queue::Channel channel, queue::MessageNumber n, Due now)
{
    files_.erase(channel_file(spool_, channel, n));
    directories_.insert(spool_.directory_of(folder(channel), n));
    changed(now);
}

void Marks::eliminated(queue::MessageNumber n, Due now)
{
    eliminated_.insert(n);
    directories_.insert(spool_.directory_of("info", n));
    changed(now);
}

void Marks::changed(Due now)
{
    if (!due_) due_ = now + group_time;
    ++changes_;
}

std::vector<queue::MessageNumber> Marks::flush()
{
    durably([&] {
        for (const auto& [path, file] : files_) sync_data(file.get(), path);
        for (const auto& path : directories_) sync_directory(path);
        if (eliminated_.empty()) return;
        sync_directory("todo");
        sync_removals_from_intd();
    });
    const std::vector<queue::MessageNumber> removable(eliminated_.begin(), eliminated_.end());
    files_.clear();
    directories_.clear();
    eliminated_.clear();
    due_.reset();
    changes_ = 0;
    return removable;
}

}
