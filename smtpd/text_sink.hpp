// Where the text of a message goes as it is read: to the queue, to a private spool, or nowhere.
#pragma once

#include "base/net/stream.hpp"
#include "queue/async_submission.hpp"
#include "smtpd/message_spool.hpp"

#include <string>

namespace grapnel::smtpd {

class TextSink {
public:
    // Text is appended here, at most 64 KiB, then passed on.
    virtual std::string& text() = 0;
    virtual net::asio::awaitable<void> pass_on() = 0;

protected:
    ~TextSink() = default;
};

class SubmissionSink final : public TextSink {
public:
    explicit SubmissionSink(queue::AsyncSubmission& submission) : submission_(submission) {}
    std::string& text() override { return submission_.text(); }
    net::asio::awaitable<void> pass_on() override { return submission_.pass_on(); }

private:
    queue::AsyncSubmission& submission_;
};

class SpoolSink final : public TextSink {
public:
    explicit SpoolSink(MessageSpool& spool) : spool_(spool) {}
    std::string& text() override { return spool_.text(); }
    net::asio::awaitable<void> pass_on() override
    {
        spool_.pass_on();
        co_return;
    }

private:
    MessageSpool& spool_;
};

class NoSink final : public TextSink {
public:
    std::string& text() override { return text_; }
    net::asio::awaitable<void> pass_on() override
    {
        text_.clear();
        co_return;
    }

private:
    std::string text_;
};

}
