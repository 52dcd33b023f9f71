// Where a scanner wants to see the message, or where nobody is to get it.
#include "smtpd/session.hpp"

#include "queue/async_submission.hpp"
#include "smtpd/incoming_text.hpp"
#include "smtpd/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace grapnel::smtpd {

using hooks::Stage;
using net::asio::awaitable;

namespace {

constexpr std::size_t piece_size = 32768;
constexpr std::uint64_t most_added = 1u << 20;   // by scanners, beyond what clients may send

// Appends the next piece of the file; false: it is shorter than it was said to be.
bool append_piece(int file, std::uint64_t at, std::uint64_t end, std::string& text)
{
    const auto before = text.size();
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece_size, end - at));
    text.resize(before + wanted);
    ssize_t got = 0;
    do got = ::pread(file, text.data() + before, wanted, static_cast<off_t>(at));
    while (got < 0 && errno == EINTR);
    return got == static_cast<ssize_t>(wanted);
}

Answer unusable()
{
    return Answer(451, "4.3.0", "unable to do what a scanner wants (#4.3.0)").because("hooks");
}

}

awaitable<Answer> Session::have_text_looked_at()
{
    auto& spool = *text_->spool();
    const auto& reader = text_->reader();
    const auto kept = spool.finish();
    if (!kept) co_return answer_to_failure(kept.error()).because("spool");
    Answer ours(250, "2.0.0", "ok id " + id_);
    const auto decision = co_await ask(Stage::data, ours, spool.descriptor());
    if (is_refusal(decision)) {
        Answer answer = reply_by(decision, Stage::data, std::move(ours));
        if (answer.hang_up) why_closed_ = answer.why;
        co_return answer;
    }
    if (!take_edits(Stage::data, decision)) co_return unusable();
    message_.take(decision);
    if (message_.fate == Fate::dropped || recipients_.empty())
        co_return reply_by(decision, Stage::data, dropped(reader.bytes()));
    const int content = decision.message ? decision.message.get() : spool.descriptor();
    const auto size = decision.message ? decision.size : spool.size();
    co_return co_await pass_on(decision, content, size);
}

// The result into the queue, with our trace on top.
awaitable<Answer> Session::pass_on(const hooks::Decision& decision, int content, std::uint64_t size)
{
    if (databytes_ > 0 && size > databytes_ + most_added) co_return unusable();
    auto submission = co_await start_submission();
    if (!submission)
        co_return Answer(451, "4.3.0", "qqt failure (#4.3.0)").because(submission.error().text);
    submission->text() += trace_field();
    for (std::uint64_t at = 0; at < size;) {
        const auto step = std::min<std::uint64_t>(piece_size, size - at);
        if (!append_piece(content, at, size, submission->text())) co_return unusable();
        at += step;
        co_await submission->pass_on();
    }
    Answer answer = co_await submit(*submission, size);
    if (answer.positive()) answer = reply_by(decision, Stage::data, std::move(answer));
    co_return answer;
}

Answer Session::dropped(std::uint64_t bytes)
{
    const bool by_ruling = message_.fate == Fate::dropped;
    log::dropped(around_.name, around_.peer, id_, bytes,
                 by_ruling ? message_.by : "no recipients left");
    return taken(::getpid());
}

}
