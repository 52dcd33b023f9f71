// The text of the message that is coming in, by DATA or in chunks, and where it goes as it is read:
// to the queue, to a private spool, or nowhere; between them the repairs of control/fixup.
#pragma once

#include "base/net/stream.hpp"
#include "queue/async_submission.hpp"
#include "smtpd/data.hpp"
#include "smtpd/fixup/header_fixer.hpp"
#include "smtpd/message_spool.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace grapnel::smtpd {

class IncomingText {
public:
    explicit IncomingText(const DataRules& rules) : reader_(rules) {}   // nowhere, till it is told
    void go_to(queue::AsyncSubmission submission) { submission_.emplace(std::move(submission)); }
    void go_to(MessageSpool spool) { spool_.emplace(std::move(spool)); }

    // What is appended from now on is mended on its way.
    void mend(FixupFacts facts) { fixer_.emplace(std::move(facts)); }

    DataReader& reader() { return reader_; }
    queue::AsyncSubmission* submission() { return submission_ ? &*submission_ : nullptr; }
    MessageSpool* spool() { return spool_ ? &*spool_ : nullptr; }

    // Text is appended here, at most 64 KiB, then passed on.
    std::string& text() { return fixer_ ? raw_ : place(); }
    net::asio::awaitable<void> pass_on()
    {
        if (!fixer_) co_return co_await give();
        fixer_->take(std::exchange(raw_, {}), mended_);
        co_await give_mended();
    }

    // All of it was appended. False: the header is too long to be mended.
    net::asio::awaitable<bool> finish()
    {
        if (!fixer_) co_return true;
        fixer_->take(std::exchange(raw_, {}), mended_);
        const bool good = fixer_->finish(mended_);
        co_await give_mended();
        co_return good;
    }

private:
    std::string& place()
    {
        return submission_ ? submission_->text() : spool_ ? spool_->text() : nowhere_;
    }
    net::asio::awaitable<void> give()
    {
        if (submission_)
            co_await submission_->pass_on();
        else if (spool_)
            spool_->pass_on();
        else
            nowhere_.clear();
    }
    // No more at once than a place takes.
    net::asio::awaitable<void> give_mended()
    {
        constexpr std::size_t most = 32768;
        for (std::string_view rest = mended_; !rest.empty();) {
            place() += rest.substr(0, most);
            rest.remove_prefix(std::min(rest.size(), most));
            co_await give();
        }
        mended_.clear();
    }

    DataReader reader_;
    std::optional<queue::AsyncSubmission> submission_;
    std::optional<MessageSpool> spool_;
    std::optional<HeaderFixer> fixer_;
    std::string raw_, mended_, nowhere_;
};

}
