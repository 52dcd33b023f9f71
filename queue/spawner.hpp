// The frame of qmail-lspawn and qmail-rspawn: reads commands on 0, checks and opens the message,
// starts one child per delivery with its output on a pipe, and reports on 1 (contract 5.2). Plain
// epoll: a part of it runs as root. It knows neither users nor hosts: both come in as functions.
#pragma once

#include "base/sys/fd.hpp"
#include "base/sys/spawn.hpp"
#include "queue/carrier.hpp"
#include "queue/delivery.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace grapnel::queue {

struct Spawning {
    // Starts a delivery: fd 0 of the child is message, 1 and 2 are output. Throws system_error
    // where no process can be made.
    std::function<Child(const Job& job, int message, int output)> start;
    // What the child's ending and output mean.
    std::function<Outcome(const Ending& ending, std::string_view output)> report;
    std::size_t output_limit = 65536;   // bytes of a child's output that are kept
    Carrier* carrier = nullptr;
};

// Call in the home directory, after taking on the spawner's identity. Writes the limit byte first;
// a qmail-send that asks gets as many deliveries at once as there can be descriptors for. Returns
// when 0 is at its end and the last child has ended. mess_owner: qmailq; a message of another's is
// refused.
void serve(const Spawning& spawning, uid_t mess_owner, unsigned limit);

}
