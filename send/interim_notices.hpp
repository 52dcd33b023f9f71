// Notices about a message that stays in the queue: of successes, which are told when a turn of its
// deliveries is over, and of delays. Each goes past the scanners as a bounce does. What has been
// told is on file before the next turn; a crash in between tells it twice.
#pragma once

#include "base/net/loop.hpp"
#include "send/agenda.hpp"
#include "send/broken.hpp"
#include "send/config.hpp"
#include "send/log.hpp"
#include "send/message_records.hpp"
#include "send/notice_sender.hpp"
#include "send/outcome.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace grapnel::send {

class InterimNotices {
public:
    using Number = queue::MessageNumber;
    struct Queue {
        const queue::Spool& spool;
        Agenda& agenda;
        MessageRecords& records;
    };
    InterimNotices(Queue queue, NoticeSender& sender, const Config& config, Log& log,
                   std::function<void()> changed);

    // Delayed: these. Successes: as bounce/N.dsn says.
    void add(Number n, std::vector<Outcome> delayed);
    void begin_due();   // throws Broken
    // The message is at its end: that is told with it, or not any more.
    void forget(Number n) { waiting_.erase(n); }
    bool is_busy(Number n) const { return busy_.contains(n); }
    bool is_idle() const { return busy_.empty(); }
    std::optional<Due> next_due() const;

private:
    struct Waiting {
        std::vector<Outcome> delayed = {};
        Due due = 0;
    };
    enum class Told { yes, later };
    void begin(Number n, std::vector<Outcome> delayed);
    void put_off(Number n, std::vector<Outcome> delayed, Due due);
    boost::asio::awaitable<void> run(Number n, MessageInfo info, std::vector<Outcome> delayed);
    boost::asio::awaitable<Told> tell(Number n, MessageInfo info, Notice notice,
                                      std::string_view kind);
    void remember(Number n, const std::vector<Outcome>& delayed);

    Queue queue_;
    NoticeSender& sender_;
    const Config& config_;
    Log& log_;
    std::function<void()> changed_;
    std::map<Number, Waiting> waiting_;
    std::set<Number> busy_;
    std::optional<Broken> broken_;
};

}
