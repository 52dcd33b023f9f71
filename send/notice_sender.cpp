#include "send/notice_sender.hpp"

#include <utility>

namespace grapnel::send {

NoticeSender::NoticeSender(net::Executor executor, const queue::Spool& spool, NoticeReview& review,
                           int helper)
    : executor_(std::move(executor)), spool_(spool), review_(review), helper_(helper)
{
}

boost::asio::awaitable<Submitted> NoticeSender::send(queue::MessageNumber n, Notice notice,
                                                     std::optional<ChangedNotice> changed)
{
    if (changed)
        return submit_text(helper_, std::move(notice), std::move(changed->text), changed->size);
    return submit_notice(helper_, std::move(notice), queue::Spool::bounce(n), spool_.mess(n));
}

}
