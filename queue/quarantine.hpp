// Mail that is held in queue/quarantine: ID.mess and ID.env, the latter as todo. Knows who may be
// delivered to as little as it knows why it is held. In the queue directory.
#pragma once

#include "base/sys/fd.hpp"
#include "queue/records.hpp"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::queue {

struct HeldMail {
    std::string id;
    std::time_t since = 0;
    std::uint64_t bytes = 0;   // of the message
    Todo envelope = {};

    // The two halves of the record "held": SCANNER/REASON.
    std::string_view scanner() const;
    std::string_view reason() const;
};

class Quarantine {
public:
    Quarantine();   // throws system_error, as all of this

    // One after the other: who lets mail go or deletes it, until we end.
    void lock() const;

    std::vector<std::string> ids() const;   // of what is complete, oldest first
    // nullopt: there is no such message. Failure: its envelope cannot be read.
    Result<std::optional<HeldMail>> look(const std::string& id) const;
    Fd open_message(const std::string& id) const;

    // Durably. False: nothing of it was there.
    bool remove(const std::string& id) const;

private:
    Fd directory_;
};

}
