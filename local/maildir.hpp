// A message into a Maildir (maildir(5)): written under tmp/, synced, linked to new/, and new/
// synced, before anybody is told that it was delivered.
#pragma once

#include <string>
#include <string_view>

namespace grapnel::local {

// message: at its beginning. head: the lines that go before it. Throws Stop(111); then nothing
// stays behind.
void deliver_to_maildir(const std::string& directory, int message, std::string_view head);

// TIME.M<usec>P<pid>Q<counter>.HOST, the host with "/" and ":" escaped. Pure.
std::string maildir_name(long seconds, long microseconds, long pid, unsigned counter,
                         std::string_view host);

}
