#include "send/jobs.hpp"

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
    jobs_[number] = std::move(job);
    return number;
}

Job Jobs::take(std::size_t number)
{
    Job job = std::move(*jobs_[number]);
    jobs_[number].reset();
    free_.push_back(number);
    if (job.from_file) --from_files_;
    return job;
}

}
