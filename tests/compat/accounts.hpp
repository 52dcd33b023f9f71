// The accounts that a recorded block names, made in a Production home.
#pragma once

#include "support/placeholders.hpp"
#include "support/production.hpp"
#include "support/recorded.hpp"

namespace grapnel::test {

inline constexpr gid_t gid_of_alias = 61001,
                       gid_of_queue = 61002;   // nofiles, qmail: see production.cpp

// Those of earlier blocks go. Returns @UID:NAME@, @GID:NAME@, @HOME:NAME@ of each, of alias too,
// and @QMAIL@.
Known make_accounts(Production& production, const Recorded& block);

}
