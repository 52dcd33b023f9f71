#include "base/sys/row.hpp"

#include "base/sys/account.hpp"
#include "base/sys/capabilities.hpp"
#include "base/sys/confine.hpp"
#include "base/sys/environment.hpp"

#include <linux/capability.h>

#include <cstdint>

namespace grapnel::row {

namespace {

constexpr std::uint64_t megabyte = 1 << 20;

Confinement::Paths where_messages_are_made()
{
    Confinement::Paths paths;
    paths.readable = {"."};
    paths.writable = {"pid", "mess", "intd", "todo", "quarantine", "lock/trigger"};
    return paths;
}

// /etc whole, and where resolv.conf may point to: the file is replaced now and then.
Confinement::Paths what_network_clients_read()
{
    Confinement::Paths paths;
    paths.readable = {"/etc",
                      "/run/systemd/resolve",
                      "/run/resolvconf",
                      "/run/NetworkManager",
                      "/usr/lib",
                      "/lib",
                      "/usr/share/ca-certificates",
                      "/usr/local/share/ca-certificates",
                      "/usr/share/dns",
                      "/usr/share/zoneinfo",
                      "/dev/null",
                      "/dev/urandom"};
    return paths;
}

}

void qmail_send()
{
    become_if_root(Role::send);
    Confinement::Paths paths;
    paths.readable = {".", home() + "/control", "/dev/null"};
    paths.writable = {"info", "local", "remote", "bounce", "lock/trigger"};
    confine({.processes = 0,
             .memory = 1024 * megabyte,
             .paths = paths,
             .system_calls = May::read_files | May::write_files | May::use_local_sockets});
}

void qmail_clean()
{
    become_if_root(Role::queue);
    Confinement::Paths paths;
    paths.emptied = {"pid", "intd", "todo", "mess"};
    confine({.descriptors = 32,
             .processes = 0,
             .memory = 32 * megabyte,
             .paths = paths,
             .system_calls = May::read_files | May::remove_files});
}

void qmail_queue()
{
    confine({.descriptors = 64,
             .processes = 0,
             .memory = 64 * megabyte,
             .paths = where_messages_are_made(),
             .system_calls = May::read_files | May::write_files});
}

void qmail_handover()
{
    confine({.processes = 0,
             .memory = 64 * megabyte,
             .paths = Confinement::Paths{},
             .system_calls = May::nothing_more});
}

void qmail_queued()
{
    auto paths = where_messages_are_made();
    paths.readable.push_back(home() + "/control");   // taps may change
    confine({.memory = 1024 * megabyte,
             .paths = paths,
             .system_calls =
                 May::read_files | May::write_files | May::use_local_sockets | May::start_threads});
}

void qmail_hookd()
{
    become_if_root(Role::hooks);
    auto paths = what_network_clients_read();
    paths.readable.emplace_back("control");
    paths.writable = {"hookd"};
    confine({.memory = 1024 * megabyte,
             .paths = paths,
             .system_calls =
                 May::read_files | May::write_files | May::use_network | May::start_threads});
}

void qmail_remote()
{
    become_if_root(Role::remote);
    auto paths = what_network_clients_read();
    paths.readable.emplace_back("control");
    paths.writable = {"queue/lock/tcpto"};
    confine({.memory = 256 * megabyte,
             .paths = paths,
             .system_calls =
                 May::read_files | May::change_files | May::use_network | May::start_threads});
}

// Keys may lie anywhere, behind links, and belong to anybody: no Landlock. Written is memory alone.
void smtpd_keys()
{
    keep_capabilities({CAP_DAC_READ_SEARCH});
    confine({.descriptors = 32,
             .processes = 0,
             .memory = 128 * megabyte,
             .system_calls = May::read_files | May::use_local_sockets});
}

// new, cur and tmp may be links to elsewhere.
void qmail_pop3d()
{
    Confinement::Paths paths;
    paths.writable = {".", "new", "cur", "tmp"};
    confine({.processes = 0,
             .memory = 256 * megabyte,
             .paths = paths,
             .system_calls = May::read_files | May::write_files});
}

void qmail_popup()
{
    become_if_root(Role::daemon);
    confine({.processes = 0,
             .memory = 32 * megabyte,
             .paths = Confinement::Paths{},
             .system_calls = May::nothing_more});
}

// Whole messages are in memory. A host that only hands mail on has no users of ours to become.
void qmail_qmqpc()
{
    keep_capabilities({});
    confine({.processes = 0,
             .memory = 1024 * megabyte,
             .paths = Confinement::Paths{},
             .system_calls = May::read_files | May::use_network});
}

void smtpd_worker()
{
    Confinement::Paths paths;
    paths.readable = {home() + "/control", "/dev/null"};
    paths.scratch = {home() + "/run/spool"};
    confine({.memory = 1024 * megabyte,
             .paths = paths,
             .system_calls =
                 May::read_files | May::keep_scratch | May::use_network | May::start_threads});
}

void smtpd_hooked_session()
{
    Confinement::Paths paths;
    paths.scratch = {"run/spool"};
    confine({.memory = 256 * megabyte,
             .paths = paths,
             .system_calls = May::read_files | May::keep_scratch | May::use_local_sockets});
}

void smtpd_etrn_session()
{
    confine({.memory = 256 * megabyte,
             .paths = Confinement::Paths{},
             .system_calls = May::read_files | May::use_local_sockets});
}

// The resolver is a thread of ours.
void smtpd_asking_session()
{
    Confinement::Paths paths;
    paths.scratch = {"run/spool"};
    confine({.memory = 256 * megabyte,
             .paths = paths,
             .system_calls =
                 May::read_files | May::keep_scratch | May::use_network | May::start_threads});
}

void smtpd_session()
{
    confine(
        {.memory = 256 * megabyte, .paths = Confinement::Paths{}, .system_calls = May::read_files});
}

}
