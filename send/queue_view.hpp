// What the queue holds when qmail-send starts: every message of info/ finds its place on the
// agenda.
#pragma once

#include "queue/spool.hpp"
#include "send/agenda.hpp"
#include "send/log.hpp"

namespace grapnel::send {

// One message: due as its local and remote files say. One whose todo/N exists is left to intake.
void enlist(queue::MessageNumber n, const queue::Spool& spool, Agenda& agenda, Log& log);

void enlist_all(const queue::Spool& spool, Agenda& agenda, Log& log);

// Writes the due times into the times of the local and remote files, for the next start.
void save_times(const queue::Spool& spool, Agenda& agenda, Log& log);

}
