// One delivery to one user, as that user: follows his .qmail file (dot-qmail(5)). All of
// qmail-local but its process.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace grapnel::local {

// qmail-local's arguments, argv[0] first; the message on 0, words on 1 and 2. The process is the
// delivery's alone. Returns 0, or throws Stop with the exit code and what is to be said.
int deliver(const std::vector<std::string>& arguments);

// The same for a process that makes several deliveries, one after the other, and has called
// prepare_to_deliver() before: only those that leave nothing of themselves behind in it, to
// Maildirs. Returns what is to be said of a success; nullopt: more than that is asked for, and
// nothing was done.
void prepare_to_deliver();
std::optional<std::string> deliver_to_maildirs(const std::vector<std::string>& arguments);

}
