#include "send/notice_submission.hpp"

#include "base/mail/envelope.hpp"
#include "base/sys/file.hpp"
#include "queue/async_submission.hpp"

#include <array>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace {

namespace asio = boost::asio;
using queue::AsyncSubmission;

asio::awaitable<void> copy_file(AsyncSubmission& to, std::string path)
{
    const Fd file = open_read(path);
    std::array<char, 16384> buffer;
    while (const auto count = read_some(file.get(), buffer.data(), buffer.size())) {
        to.text().append(buffer.data(), count);
        co_await to.pass_on();
    }
}

asio::awaitable<void> write_message(AsyncSubmission& submission, const Notice& notice,
                                    std::string bounce_file, std::string message_file)
{
    submission.text() += notice.head;
    co_await copy_file(submission, std::move(bounce_file));
    submission.text() += notice.middle;
    co_await copy_file(submission, std::move(message_file));
}

}

asio::awaitable<Submitted> submit_notice(int helper, Notice notice, std::string bounce_file,
                                         std::string message_file)
{
    auto submission = co_await AsyncSubmission::start(helper, {});
    Submitted submitted{submission.pid(), {}};
    try {
        co_await write_message(submission, notice, std::move(bounce_file), std::move(message_file));
    } catch (const std::system_error& error) {
        // Dropped, the envelope is cut short, and nothing is queued.
        submitted.outcome = temporary(error.what());
        co_return submitted;
    }
    const Envelope envelope{notice.sender, {notice.recipient}, {}};
    submitted.outcome = co_await submission.finish(envelope);
    co_return submitted;
}

}
