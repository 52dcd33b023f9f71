#include "send/notice_submission.hpp"

#include "base/mail/envelope.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "queue/async_submission.hpp"
#include "send/notice_text.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {

namespace asio = boost::asio;
using queue::AsyncSubmission;

// By place: who else holds the descriptor may move in it.
asio::awaitable<void> copy_text(AsyncSubmission& to, int text, std::uint64_t size)
{
    std::array<char, 16384> buffer;
    for (std::uint64_t place = 0; place < size;) {
        const auto wanted = std::min<std::uint64_t>(buffer.size(), size - place);
        const auto count = ::pread(text, buffer.data(), static_cast<std::size_t>(wanted),
                                   static_cast<off_t>(place));
        if (count < 0) throw_errno("unable to read", "a changed notice");
        if (count == 0) throw_error(EIO, "cut short:", "a changed notice");
        to.text().append(buffer.data(), static_cast<std::size_t>(count));
        co_await to.pass_on();
        place += static_cast<std::uint64_t>(count);
    }
}

asio::awaitable<void> write_message(AsyncSubmission& submission, const Notice& notice,
                                    std::string bounce_file, std::string message_file)
{
    NoticeText text(notice, bounce_file, message_file);
    for (auto piece = text.next(); !piece.empty(); piece = text.next()) {
        submission.text() += piece;
        co_await submission.pass_on();
    }
}

}

namespace {

// Written by writing, which has begun nothing yet.
asio::awaitable<Submitted> submit(AsyncSubmission& submission, asio::awaitable<void> writing,
                                  Envelope envelope)
{
    Submitted submitted{submission.pid(), {}};
    try {
        co_await std::move(writing);
    } catch (const std::system_error& error) {
        // Dropped, the envelope is cut short, and nothing is queued.
        submitted.outcome = temporary(error.what());
        co_return submitted;
    }
    submitted.outcome = co_await submission.finish(envelope);
    co_return submitted;
}

}

asio::awaitable<Submitted> submit_notice(int helper, Notice notice, std::string bounce_file,
                                         std::string message_file)
{
    auto submission = co_await AsyncSubmission::start(helper, {});
    Envelope envelope{notice.sender, {notice.recipient}, {notice.records, {}}};
    auto writing =
        write_message(submission, notice, std::move(bounce_file), std::move(message_file));
    auto work = submit(submission, std::move(writing), std::move(envelope));
    Submitted submitted = co_await std::move(work);
    co_return submitted;
}

asio::awaitable<Submitted> submit_text(int helper, Notice notice, Fd text, std::uint64_t size)
{
    auto submission = co_await AsyncSubmission::start(helper, {});
    Envelope envelope{notice.sender, {notice.recipient}, {notice.records, {}}};
    auto writing = copy_text(submission, text.get(), size);
    auto work = submit(submission, std::move(writing), std::move(envelope));
    Submitted submitted = co_await std::move(work);
    co_return submitted;
}

}
