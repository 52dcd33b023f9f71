#include "queue/reception.hpp"

#include "queue/exit_code.hpp"
#include "queue/trouble.hpp"

#include <new>
#include <utility>

namespace grapnel::queue {

void Reception::take(Directories& directories, const Submitter& submitter, FrameHead::Kind kind,
                     std::string_view bytes)
{
    if (problem_) return;
    try {
        if (!incoming_) incoming_.emplace(directories, submitter);
        if (kind == FrameHead::Kind::message) {
            if (envelope_begun_) stop(exit_code::bad_envelope);
            incoming_->write(bytes);
            return;
        }
        begin_envelope();
        incoming_->envelope().feed(bytes);
    } catch (...) {
        fail(std::current_exception());
    }
}

Incoming* Reception::prepare(Directories& directories, const Submitter& submitter)
{
    try {
        if (!problem_ && !incoming_) incoming_.emplace(directories, submitter);
        if (!problem_) {
            begin_envelope();
            incoming_->envelope().finish();
            incoming_->prepare();
        }
    } catch (...) {
        fail(std::current_exception());
    }
    return problem_ ? nullptr : &*incoming_;
}

void Reception::begin_envelope()
{
    if (std::exchange(envelope_begun_, true)) return;
    incoming_->end_message();
}

void Reception::fail(std::exception_ptr trouble)
{
    incoming_.reset();
    try {
        std::rethrow_exception(trouble);
    } catch (const Stop& stop) {
        problem_ = stop;
    } catch (const std::bad_alloc&) {
        problem_ = Stop{exit_code::out_of_memory, "the queue is out of memory (#4.3.0)"};
    } catch (const std::exception&) {
        problem_ = Stop{exit_code::internal, "internal trouble in the queue (#4.3.0)"};
    }
}

}
