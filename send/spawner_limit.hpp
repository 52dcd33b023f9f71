// How many deliveries at once a spawner takes: the first thing it says. Where it may be one of ours
// it is asked for more (queue/delivery). Blocking: before the event loop begins.
#pragma once

#include "queue/delivery.hpp"

namespace grapnel::send {

// to, from: the pipes to the spawner, of which nothing was read yet. Throws system_error where it
// does not answer.
queue::Offer spawner_offer(int to, int from, bool may_be_ours);

}
