// Namespaces for tests that must change what only root may: mounts and the network as this thread,
// and what it starts from now on, sees them. Nothing outside notices. Only as root: each says why
// not, or "".
#pragma once

#include <string>

namespace grapnel::test {

std::string own_mounts();    // a private copy of all mounts; once per process is enough
std::string own_network();   // loopback only, up, with ports below 1024 for us

// After own_mounts(): "" or what went wrong.
std::string mount_tmpfs(const std::string& directory, const std::string& options);
std::string bind_over(const std::string& source, const std::string& target);
void unmount(const std::string& directory);

}
