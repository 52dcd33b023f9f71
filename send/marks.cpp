#include "send/marks.hpp"

#include "base/sys/file.hpp"

#include <fcntl.h>

#include <utility>

namespace grapnel::send {

namespace {

constexpr Due group_time = 100;

std::string folder(queue::Channel channel)
{
    return channel == queue::Channel::local ? "local" : "remote";
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

void Marks::renewed(queue::MessageNumber n, Due now)
{
    directories_.insert(spool_.directory_of("info", n));
    changed(now);
}

void Marks::eliminated(queue::MessageNumber n, Due now)
{
    eliminated_.insert(n);
    directories_.insert(spool_.directory_of("info", n));
    changed(now);
}

void Marks::left_todo(queue::MessageNumber n, Due now)
{
    eliminated_.insert(n);
    changed(now);
}

void Marks::changed(Due now)
{
    if (!due_) due_ = now + group_time;
    ++changes_;
}

std::vector<queue::MessageNumber> Marks::flush()
{
    Touched touched{{}, std::move(directories_), !eliminated_.empty()};
    for (const auto& [path, file] : files_) touched.files.insert(path);
    // qmail-clean's removal of todo/N must not be undone when the marks are gone, nor that of
    // intd/N when mess/N goes; intd is not ours to open.
    touched.directories.insert("todo");
    flusher_.flush(touched);
    std::vector<queue::MessageNumber> removable(eliminated_.begin(), eliminated_.end());
    files_.clear();
    directories_.clear();
    eliminated_.clear();
    due_.reset();
    changes_ = 0;
    return removable;
}

}
