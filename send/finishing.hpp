// The end of a message: no recipient is left. The bounce goes out, then bounce/N and info/S/N go,
// and once that is durable qmail-clean removes mess/S/N (reliability 3.3, 4).
#pragma once

#include "base/net/loop.hpp"
#include "send/agenda.hpp"
#include "send/bounce.hpp"
#include "send/cleaner.hpp"
#include "send/interim_notices.hpp"
#include "send/log.hpp"
#include "send/marks.hpp"
#include "send/message_records.hpp"
#include "send/notice_sender.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::send {

class Finishing {
public:
    struct Queue {
        const queue::Spool& spool;
        Agenda& agenda;
        Marks& marks;
        MessageRecords& records;
        Cleaner& cleaner;
        InterimNotices& interim;
    };
    Finishing(Queue queue, NoticeSender& sender, const Config& config, Log& log,
              std::function<void()> changed);

    // Begins what is due on the agenda; a few notices at once.
    void begin_due();
    // These are durably without info: mess may go.
    void remove(const std::vector<queue::MessageNumber>& messages);
    bool is_idle() const { return telling_ == 0 && ready_.empty() && sender_.review().is_idle(); }
    bool has_room() const;

private:
    void finish(queue::MessageNumber n);
    bool is_finished(queue::MessageNumber n);
    void tell_sender(queue::MessageNumber n, MessageInfo info);
    void tell_successes(queue::MessageNumber n, MessageInfo info);
    void go_on(queue::MessageNumber n, MessageInfo info, Notice notice);
    void told(queue::MessageNumber n, bool of_failures);
    void reviewed(queue::MessageNumber n, Notice notice, NoticeReview::Result result);
    struct Ready {
        queue::MessageNumber message;
        Notice notice;
        std::optional<ChangedNotice> changed;
    };
    void start_telling(Ready ready);
    boost::asio::awaitable<void> tell(Ready ready);
    void eliminate(queue::MessageNumber n);
    void again_later(queue::MessageNumber n);

    Queue queue_;
    NoticeSender& sender_;
    const Config& config_;
    Log& log_;
    std::function<void()> changed_;
    std::deque<Ready> ready_;
    unsigned telling_ = 0;
};

}
