// run/queued: the local socket of qmail-queued.
#pragma once

#include "base/sys/fd.hpp"

#include <optional>
#include <string>

namespace grapnel::queue {

std::string queued_path(const std::string& home);
// Made anew, open to everybody: qmail-queued takes from anyone, as qmail-queue does. Throws.
Fd listen_for_queued(const std::string& home);
bool is_listening(int descriptor);
// nullopt: it does not run here. Non-blocking.
std::optional<Fd> connect_to_queued(const std::string& home);

}
