// A registration while it is of use: its times on a clock that does not jump, and the calls that
// are made under it.
#pragma once

#include "base/net/timer.hpp"
#include "hooks/registration/registration.hpp"

#include <memory>
#include <string>

namespace grapnel::hooks {

struct LiveRegistration {
    explicit LiveRegistration(Registration made);
    ~LiveRegistration();
    LiveRegistration(const LiveRegistration&) = delete;
    LiveRegistration& operator=(const LiveRegistration&) = delete;

    Registration registration;
    std::shared_ptr<const Agreement> agreement;
    net::Moment renewal = net::Moment::max(), expiry = net::Moment::max();
    unsigned calls = 0;
};

// One with this id is of use in this process: to whatever scanner's.
bool lives_here(const std::string& id);

// What was agreed, for the log.
std::string announcement(const LiveRegistration& live);

}
