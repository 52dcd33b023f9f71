#include "smtpd/judges.hpp"

#include "base/net/stream.hpp"
#include "queue/submission_helper.hpp"

#include <system_error>

namespace grapnel::smtpd {

using boost::asio::awaitable;

// A place among those that run; until it is given, one in the line. Given back however the question
// ends.
class Judges::Turn {
public:
    explicit Turn(Judges& judges) : judges_(judges) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn()
    {
        const bool given = at_ != judges_.waiting_.end() && at_->given;
        if (at_ != judges_.waiting_.end()) judges_.waiting_.erase(at_);
        if (!given && !taken_) return;
        --judges_.running_;
        judges_.next();
    }

    // False: too many wait, or the moment came first.
    awaitable<bool> come(std::size_t most, net::Moment deadline)
    {
        if (judges_.running_ < most && judges_.waiting_.empty()) {
            ++judges_.running_;
            taken_ = true;
            co_return true;
        }
        if (judges_.waiting_.size() >= most_waiting) co_return false;
        at_ =
            judges_.waiting_.insert(judges_.waiting_.end(), Waiter{net::Timer(judges_.executor_)});
        co_await at_->timer.wait_until(deadline);
        co_return at_->given;
    }

private:
    Judges& judges_;
    bool taken_ = false;
    std::list<Waiter>::iterator at_ = judges_.waiting_.end();
};

// Who has waited longest takes the place that has become free.
void Judges::next()
{
    for (auto& waiter : waiting_) {
        if (waiter.given) continue;
        waiter.given = true;
        ++running_;
        waiter.timer.call();
        return;
    }
}

namespace {

awaitable<std::optional<queue::HelperFrame>> next_frame(net::Stream& stream)
{
    while (stream.buffered().size() < queue::HelperFrame::size) {
        const bool more = co_await stream.fill();
        if (!more) co_return std::nullopt;
    }
    const auto frame =
        queue::HelperFrame::decode(stream.buffered().substr(0, queue::HelperFrame::size));
    stream.consume(queue::HelperFrame::size);
    co_return frame;
}

Word word_of(const queue::HelperFrame& ended, std::string& trouble)
{
    if (ended.crashed)
        trouble = "crashed with signal " + std::to_string(ended.value);
    else if (ended.value > 1)
        trouble = "exit code " + std::to_string(ended.value);
    if (ended.crashed) return Word::later;
    return ended.value == 0 ? Word::yes : ended.value == 1 ? Word::no : Word::later;
}

awaitable<Word> hear(net::Stream& stream, std::string& trouble)
{
    for (;;) {
        const auto frame = co_await next_frame(stream);
        if (!frame) {
            trouble = "the submission helper is gone";
            co_return Word::later;
        }
        if (frame->kind == queue::HelperFrame::Kind::ended) co_return word_of(*frame, trouble);
        if (frame->kind == queue::HelperFrame::Kind::refused) {
            trouble = std::error_code(frame->value, std::generic_category()).message();
            co_return Word::later;
        }
    }
}

}

awaitable<Word> Judges::ask(std::string which, std::size_t most, std::vector<std::string> variables,
                            net::Secret input, std::string& trouble)
{
    const auto deadline = net::SteadyClock::now() + limit_;
    Turn turn(*this);
    const bool mine = co_await turn.come(most, deadline);
    trouble = "too many wait";
    if (!mine) co_return Word::later;
    trouble.clear();
    try {
        net::Stream stream(executor_, queue::ask_judge(helper_, which, variables, input.view()),
                           Fd());
        input.clear();
        stream.expires_at(deadline);
        const Word word = co_await hear(stream, trouble);
        co_return word;
    } catch (const net::TimedOut&) {
        trouble = "no answer";
    } catch (const std::system_error& error) {
        trouble = error.what();
    }
    co_return Word::later;
}

net::Secret question(std::string_view subject, std::string_view secret, std::string_view detail)
{
    std::string text;
    text.reserve(subject.size() + secret.size() + detail.size() + 3);
    for (const auto part : {subject, secret, detail}) {
        text += part;
        text += '\0';
    }
    net::Secret result(text);
    net::wipe_bytes(text);
    return result;
}

}
