// One delivery to one user, as that user: follows his .qmail file (dot-qmail(5)). All of
// qmail-local but its process.
#pragma once

#include <string>
#include <vector>

namespace grapnel::local {

// qmail-local's arguments, argv[0] first; the message on 0, words on 1 and 2. The process is the
// delivery's alone. Returns 0, or throws Stop with the exit code and what is to be said.
int deliver(const std::vector<std::string>& arguments);

}
