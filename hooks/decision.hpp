// What the scanners of a stage have decided together. Only what differs from the facts is there.
#pragma once

#include "base/sys/fd.hpp"
#include "hooks/facts.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace grapnel::hooks {

// Outbound: what becomes of one recipient of the job.
struct RecipientChange {
    std::size_t index = 0;   // in the facts' envelope
    std::optional<DeliveryStatus> status = {};
    std::optional<std::int64_t> next_attempt_at = {};   // unix seconds, clamped already
    std::optional<std::int64_t> next_dsn_at = {};       // likewise; 0: never
    bool operator==(const RecipientChange&) const = default;
};

struct Decision {
    Action action = Action::accept;

    // Inbound. For reject and disconnect always there, its class is right for the action; else only
    // where a scanner chose the words.
    std::optional<Response> response = {};
    std::optional<Sender> from = {};
    std::optional<std::vector<Recipient>> to = {};   // all of them, in order; may be empty

    // data and dsn: the new content, LF line ends, sealed or unlinked. size: its bytes.
    Fd message = {};
    std::uint64_t size = 0;

    // Outbound.
    std::vector<RecipientChange> recipients = {};
    bool suppressed = false;   // dsn: this notification is not sent
    bool ask_again = false;    // dsn: a scanner failed, and its policy is to wait

    // For the log and the quarantine: which scanner decided, and why. Empty: none did.
    std::string scanner = {}, reason = {};
};

}
