// The end of a message: no recipient is left. The bounce goes out, then bounce/N and info/S/N go,
// and once that is durable qmail-clean removes mess/S/N (reliability 3.3, 4).
#pragma once

#include "base/net/loop.hpp"
#include "send/agenda.hpp"
#include "send/bounce.hpp"
#include "send/cleaner.hpp"
#include "send/log.hpp"
#include "send/marks.hpp"

#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

namespace grapnel::send {

class Finishing {
public:
    // helper: the socket of the submission helper.
    Finishing(net::Executor executor, const queue::Spool& spool, Agenda& agenda, Marks& marks,
              Cleaner& cleaner, const BounceNames& names, int helper, Log& log,
              std::function<void()> changed);

    // Begins what is due on the agenda; a few notices at once.
    void begin_due();
    // These are durably without info: mess may go.
    void remove(const std::vector<queue::MessageNumber>& messages);
    bool is_idle() const { return telling_ == 0; }
    bool has_room() const;

private:
    void finish(queue::MessageNumber n);
    bool is_finished(queue::MessageNumber n);
    void tell_sender(queue::MessageNumber n, const std::string& sender);
    boost::asio::awaitable<void> tell(queue::MessageNumber n, Notice notice);
    void eliminate(queue::MessageNumber n);
    void again_later(queue::MessageNumber n);

    net::Executor executor_;
    const queue::Spool& spool_;
    Agenda& agenda_;
    Marks& marks_;
    Cleaner& cleaner_;
    const BounceNames& names_;
    int helper_;
    Log& log_;
    std::function<void()> changed_;
    unsigned telling_ = 0;
};

}
