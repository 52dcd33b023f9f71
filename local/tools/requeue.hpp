// The message on descriptor 0 goes back into the queue for other people.
#pragma once

#include "base/sys/environment.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace grapnel::local {

// DTLINE goes on top; sender_variable names the variable that holds the envelope sender, which
// forward_sender() may change. Returns the process number of qmail-queue. Throws Stop 100 or 111.
pid_t requeue(const Environment& environment, const std::string& sender_variable,
              const std::vector<std::string>& recipients);
// The same from exactly that sender.
pid_t requeue_from(const Environment& environment, const std::string& sender,
                   const std::vector<std::string>& recipients);

}
