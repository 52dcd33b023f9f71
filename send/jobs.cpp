#include "send/jobs.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::send {

std::size_t Jobs::add(Job job)
{
    if (free_.empty()) {
        jobs_.emplace_back();
        free_.push_back(jobs_.size() - 1);
    }
    const auto number = free_.back();
    free_.pop_back();
    if (job.from_file) ++from_files_;
    if (job.channel == queue::Channel::local) ++local_;
    jobs_[number] = std::move(job);
    return number;
}

Job Jobs::take(std::size_t number)
{
    Job job = std::move(*jobs_[number]);
    jobs_[number].reset();
    free_.push_back(number);
    if (job.from_file) --from_files_;
    if (job.channel == queue::Channel::local) --local_;
    return job;
}

void Jobs::make_waiting_due(Due now)
{
    for (auto& job : jobs_)
        if (job && !job->from_file && job->holders == 1) job->retry = std::min(job->retry, now);
}

void Jobs::hasten(queue::Channel channel, const std::unordered_set<queue::MessageNumber>& messages,
                  Due due)
{
    for (auto& job : jobs_)
        if (job && job->channel == channel && messages.contains(job->message))
            job->retry = std::min(job->retry, due);
}

std::vector<queue::MessageNumber> Jobs::messages(queue::Channel channel) const
{
    std::vector<queue::MessageNumber> messages;
    for (const auto& job : jobs_)
        if (job && job->channel == channel) messages.push_back(job->message);
    return messages;
}

void Jobs::cancel(queue::MessageNumber n, Due now)
{
    for (auto& job : jobs_) {
        if (!job || job->message != n) continue;
        job->silent = true;
        job->retry = std::min(job->retry, now);
    }
}

}
