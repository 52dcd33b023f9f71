// The text of the message that is coming in, by DATA or in chunks, and where it goes as it is read:
// to the queue, to a private spool, or nowhere.
#pragma once

#include "base/net/stream.hpp"
#include "queue/async_submission.hpp"
#include "smtpd/data.hpp"
#include "smtpd/message_spool.hpp"

#include <optional>
#include <string>
#include <utility>

namespace grapnel::smtpd {

class IncomingText {
public:
    explicit IncomingText(const DataRules& rules) : reader_(rules) {}   // nowhere, till it is told
    void go_to(queue::AsyncSubmission submission) { submission_.emplace(std::move(submission)); }
    void go_to(MessageSpool spool) { spool_.emplace(std::move(spool)); }

    DataReader& reader() { return reader_; }
    queue::AsyncSubmission* submission() { return submission_ ? &*submission_ : nullptr; }
    MessageSpool* spool() { return spool_ ? &*spool_ : nullptr; }

    // Text is appended here, at most 64 KiB, then passed on.
    std::string& text()
    {
        return submission_ ? submission_->text() : spool_ ? spool_->text() : nowhere_;
    }
    net::asio::awaitable<void> pass_on()
    {
        if (submission_)
            co_await submission_->pass_on();
        else if (spool_)
            spool_->pass_on();
        else
            nowhere_.clear();
    }

private:
    DataReader reader_;
    std::optional<queue::AsyncSubmission> submission_;
    std::optional<MessageSpool> spool_;
    std::string nowhere_;
};

}
