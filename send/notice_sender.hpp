// The road of a notice to its sender: past the scanners (review), then to qmail-queue.
#pragma once

#include "base/net/loop.hpp"
#include "queue/spool.hpp"
#include "send/notice_review.hpp"
#include "send/notice_submission.hpp"

#include <optional>

namespace grapnel::send {

class NoticeSender {
public:
    // helper: the socket of the submission helper.
    NoticeSender(net::Executor executor, const queue::Spool& spool, NoticeReview& review,
                 int helper);

    // About message n; changed: what scanners have made of it. As submit_notice().
    boost::asio::awaitable<Submitted> send(queue::MessageNumber n, Notice notice,
                                           std::optional<ChangedNotice> changed);

    const net::Executor& executor() const { return executor_; }
    NoticeReview& review() { return review_; }

private:
    net::Executor executor_;
    const queue::Spool& spool_;
    NoticeReview& review_;
    int helper_;
};

}
