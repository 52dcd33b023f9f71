// run/queued: the local socket of qmail-queued.
#pragma once

#include "base/sys/fd.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::queue {

std::string queued_path(const std::string& home);
// Made anew, open to everybody: qmail-queued takes from anyone, as qmail-queue does. Throws.
Fd listen_for_queued(const std::string& home);
// While nobody serves it: who waits there is sent refusal, and from now on connect_to_queued finds
// that qmail-queued does not run, until open_queued.
void shut_queued(int listener, const std::string& home, std::string_view refusal);
void open_queued(int listener);
// nullopt: it does not run here. Non-blocking.
std::optional<Fd> connect_to_queued(const std::string& home);

}
