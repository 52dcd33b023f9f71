// How qmail-rspawn has deliveries done: today by one qmail-remote for each.
#pragma once

#include "base/sys/environment.hpp"
#include "queue/spawner.hpp"

namespace grapnel::remote {

// $QMAILREMOTE, else qmail-remote from PATH, as "qmail-remote HOST SENDER RECIPIENT"
// (contract 7.1).
queue::Spawning one_process_each(const Environment& environment);

}
