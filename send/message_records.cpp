#include "send/message_records.hpp"

#include "base/sys/file.hpp"

#include <fcntl.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

namespace grapnel::send {

namespace {
constexpr Due group_time = 100, trouble_pause = 10'000;
}

// Of a message with many recipients the records are asked for once for each of them.
const MessageInfo* MessageRecords::read(queue::MessageNumber n)
{
    const auto known = changed_.find(n);
    if (known != changed_.end()) return &known->second;
    if (latest_ && latest_->first == n) return &latest_->second;
    auto info = read_message_info(spool_, n);
    if (!info) return nullptr;
    latest_.emplace(n, std::move(*info));
    return &latest_->second;
}

bool MessageRecords::change(queue::MessageNumber n, Due now,
                            const std::function<void(queue::Info&)>& how)
{
    const auto* info = read(n);
    if (!info) return false;
    auto known = changed_.find(n);
    if (known == changed_.end()) {
        known = changed_.emplace(n, std::move(latest_->second)).first;
        latest_.reset();
    }
    how(known->second);
    due_ = std::min(due_.value_or(now + group_time), now + group_time);
    return true;
}

void MessageRecords::forget(queue::MessageNumber n)
{
    changed_.erase(n);
    if (latest_ && latest_->first == n) latest_.reset();
}

void MessageRecords::flush(Due now)
{
    if (!due_) return;
    due_.reset();
    Touched touched;
    std::vector<queue::MessageNumber> written;
    for (const auto& [n, info] : changed_)
        if (write(n, info, touched)) written.push_back(n);
    flusher_.flush(touched);
    for (const auto n : written) {
        if (!rename(n, now)) continue;
        latest_.emplace(n, std::move(changed_.at(n)));
        changed_.erase(n);
    }
    if (!changed_.empty()) due_ = now + trouble_pause;
}

bool MessageRecords::write(queue::MessageNumber n, const MessageInfo& info, Touched& touched)
{
    const auto path = new_info(spool_, n);
    try {
        Fd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        write_all(file.get(), queue::encode(info), path);
        file.close_checked(path);
        set_times(path, info.birth);
    } catch (const std::system_error&) {
        trouble(n);
        return false;
    }
    touched.files.insert(path);
    return true;
}

// Only over a file: a message that has left meanwhile does not come back.
bool MessageRecords::rename(queue::MessageNumber n, Due now)
{
    try {
        if (!status_if_there(spool_.info(n))) {
            remove_file(new_info(spool_, n));
            return true;
        }
        rename_file(new_info(spool_, n), spool_.info(n));
    } catch (const std::system_error&) {
        trouble(n);
        return false;
    }
    marks_.renewed(n, now);
    return true;
}

void MessageRecords::trouble(queue::MessageNumber n)
{
    const auto path = new_info(spool_, n);
    log_.warning("trouble writing to " + path + "; will try again later");
    try {
        remove_file(path);
    } catch (const std::system_error&) {
        // Removed at the next start, or written over.
    }
}

}
