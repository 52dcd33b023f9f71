// Why there is no registration, and when to try again (mta-hooks 4.4, C18): one table. Pure.
#pragma once

#include "base/net/http_reply.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace grapnel::hooks {

struct RegistrationTrouble {
    enum class Kind : std::uint8_t {
        passing,         // backoff
        configuration,   // somebody must change something: every 10 minutes
        full,            // too many registrations: every 5 minutes
        parked           // credentials refused: not before they change, or a reload
    };
    Kind kind = Kind::passing;
    std::string why = {};   // for the log
    std::optional<std::chrono::milliseconds> retry_after = {};
};

// Of an answer that is no 201.
RegistrationTrouble judge_registration(const net::HttpReply& reply);

// failures: so far, in a row, from 1. chance: 0 to 1, for the jitter. Of parked: never.
std::chrono::milliseconds registration_pause(const RegistrationTrouble& trouble, unsigned failures,
                                             double chance);

}
