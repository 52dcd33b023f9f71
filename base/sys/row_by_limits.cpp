#include "base/sys/row.hpp"

#include "base/sys/account.hpp"
#include "base/sys/capabilities.hpp"
#include "base/sys/dumps.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/limits.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>

#include <cstdint>
#include <cstdlib>

// The rows without Landlock and filter, for programs that shall not load the library of the latter.
namespace grapnel::row {

namespace {

constexpr std::uint64_t megabyte = 1 << 20;

void forbid_new_privileges()
{
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        throw_errno("unable to forbid new privileges");
}

// For who starts nothing.
void stay_small(std::uint64_t memory)
{
    limit(Limit::memory, memory);
    limit(Limit::core_size, 0);
    forbid_dumps();
    forbid_new_privileges();
}

}

// CHOWN is for setuid programs that users' deliveries run, such as mailbox writers of old.
void qmail_start()
{
    if (!in_sandbox())
        bound_capabilities({CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_DAC_READ_SEARCH, CAP_CHOWN});
}

void qmail_lspawn()
{
    qmail_start();
    if (!in_sandbox()) keep_capabilities({CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_DAC_READ_SEARCH});
    hold_back(256 * megabyte);
    forbid_dumps();
}

// What name service and syslog need is not ours to know.
void qmail_getpw() { stay_small(256 * megabyte); }
void splogger() { stay_small(32 * megabyte); }

// Landlock and filter are qmail-remote's own: it may be another program than ours. Only one that
// QMAILREMOTE names may need to be setuid.
void qmail_rspawn()
{
    become_if_root(Role::remote);
    hold_back(256 * megabyte);
    forbid_dumps();
    if (std::getenv("QMAILREMOTE") == nullptr) forbid_new_privileges();
}

void smtpd_listener()
{
    hold_back(64 * megabyte);
    forbid_dumps();
}

}
