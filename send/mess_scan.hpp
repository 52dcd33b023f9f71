// Looks through mess now and then for what a crash or a broken-off submission left, older than 36
// hours: messages that are neither queued nor known. The time is longer than qmail-queue lives (24
// hours).
#pragma once

#include "base/net/loop.hpp"
#include "queue/spool.hpp"
#include "send/agenda.hpp"
#include "send/finishing.hpp"
#include "send/intake.hpp"
#include "send/log.hpp"
#include "send/marks.hpp"

namespace grapnel::send {

class MessScan {
public:
    MessScan(const queue::Spool& spool, const Agenda& agenda, const Marks& marks,
             const Intake& intake, Finishing& finishing, Log& log)
        : spool_(spool),
          agenda_(agenda),
          marks_(marks),
          intake_(intake),
          finishing_(finishing),
          log_(log)
    {
    }

    boost::asio::awaitable<void> run();   // for ever

private:
    boost::asio::awaitable<void> look_through(unsigned directory);
    bool is_left_over(queue::MessageNumber n) const;

    const queue::Spool& spool_;
    const Agenda& agenda_;
    const Marks& marks_;
    const Intake& intake_;
    Finishing& finishing_;
    Log& log_;
};

}
