#include "support/own_namespace.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace grapnel::test {

namespace {

std::string trouble(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

}

std::string own_mounts()
{
    if (::geteuid() != 0) return "not root, so no mounts of our own";
    if (::unshare(CLONE_NEWNS) != 0) return trouble("no mount namespace");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return trouble("mounts cannot be made private");
    return "";
}

std::string own_network()
{
    if (::geteuid() != 0) return "not root, so no network of our own";
    if (::unshare(CLONE_NEWNET) != 0) return trouble("no network namespace");
    ifreq loopback{};
    std::strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP | IFF_RUNNING;
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool up = ::ioctl(socket, SIOCSIFFLAGS, &loopback) == 0;
    ::close(socket);
    return up ? "" : trouble("loopback does not come up");
}

std::string mount_tmpfs(const std::string& directory, const std::string& options)
{
    return ::mount("tmpfs", directory.c_str(), "tmpfs", 0, options.c_str()) == 0 ? ""
                                                                                 : trouble("tmpfs");
}

std::string bind_over(const std::string& source, const std::string& target)
{
    return ::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0
               ? ""
               : trouble(target.c_str());
}

void unmount(const std::string& directory) { ::umount2(directory.c_str(), MNT_DETACH); }

}
