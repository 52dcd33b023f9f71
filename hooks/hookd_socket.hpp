// run/hookd: the local socket of qmail-hookd.
#pragma once

#include "base/sys/fd.hpp"

#include <optional>
#include <string>

namespace grapnel::hooks {

std::string hookd_path(const std::string& home);
Fd listen_for_hookd(const std::string& home);   // made anew, open to everybody; throws
// While nobody serves it: who waits there, and who comes, is told at once, until open_hookd.
void shut_hookd(int listener, const std::string& home);
void open_hookd(int listener);
// nullopt: it does not run here. Non-blocking.
std::optional<Fd> connect_to_hookd(const std::string& home);

// control/ has changed, or the operator said so: qmail-hookd is to read its files again. Never
// waits; nothing where it does not run.
void tell_to_reload(const std::string& home);

}
