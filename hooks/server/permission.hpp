// Who may ask qmail-hookd for what, by the uid of his socket (docs/internals.md). Pure.
#pragma once

#include "hooks/wire/wire.hpp"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace grapnel::hooks {

// Users of whom programs of ours ask. In a sandbox all of them are one.
struct KnownUsers {
    uid_t daemon = 0, send = 0, own = 0;
};

enum class Standing : std::uint8_t {
    stranger,   // qmail-inject of anybody: data, where control/hooks-on-inject says so
    stage,      // smtpd, send: every stage
    reloader,   // send: may have the settings read again, too
    owner       // root and the daemon itself: everything
};
Standing standing(uid_t uid, const KnownUsers& users);

// Empty: it may. Else why not. injected: octets of the longest message that a stranger may show (0:
// none may). sealed: nobody can change the message that came, if one did.
std::string refusal(Standing who, const wire::Saying& saying, std::uint64_t injected, bool sealed);

}
