// One scanner's directory below control/hooks/ (mta-hooks section 23): one value a file, every file
// known by name. What is wrong leaves the scanner out, and is said.
#pragma once

#include "base/result.hpp"
#include "hooks/stage.hpp"
#include "hooks/subscriptions.hpp"
#include "hooks/values/pointer.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

struct Credentials {
    std::string token = {};   // file contents; never logged
    std::string client_key_file = {}, client_cert_file = {};
    std::string hmac_key = {}, hmac_key_id = {};   // the key decoded
    bool operator==(const Credentials&) const = default;
};

enum class WantedSerialization : std::uint8_t { json, cbor, automatic };

struct ScannerSettings {
    std::string name = {}, directory = {};
    std::string url = {}, register_url = {};
    bool discovery = true, insecure_loopback = false;
    std::string ca_file = {};
    std::vector<std::string> origins = {};   // allowed besides the scanner's own (C8)
    WantedSerialization serialization = WantedSerialization::automatic;
    Stages stages = {}, required = {};
    std::optional<std::vector<Pointer>> properties = {};   // nullopt: all of 7.2
    std::vector<Pointer> allow = {}, allow_outbound = {};
    std::optional<std::vector<Action>> actions = {};
    bool allow_downgrade = false, relay_recipients = false;
    std::string filter = {};   // JSON text; checked when it is read
    bool disclose_filter = true;
    std::array<std::optional<std::chrono::seconds>, stage_count> timeouts = {};   // as configured
    std::optional<std::chrono::seconds> attempt_timeout = {};
    unsigned retries = 2;
    Policy on_failure = Policy::tempfail, on_malformed = Policy::accept,
           on_oversize = Policy::accept, on_failure_outbound = Policy::accept;
    std::size_t max_inflight = 32, max_waiting = 1024, max_connections = 32;
    unsigned breaker_failures = 5;
    std::chrono::seconds breaker_open{30};
    std::map<std::string, std::string> metadata = {};
    bool capture = false;
    Credentials credentials = {};

    // Which policy holds at a stage when no verdict could be had.
    Policy failure_policy(Stage stage) const
    {
        return direction(stage) == Direction::inbound ? on_failure : on_failure_outbound;
    }
    bool operator==(const ScannerSettings&) const = default;
};

struct ReadScanner {
    ScannerSettings settings = {};
    std::vector<std::string> errors =
        {};   // "control/hooks/x/timeout: 900 is over 60"; any: left out
};

// One of them: a directory NAME in control/hooks/.
ReadScanner read_scanner(const std::string& control, const std::string& scanner,
                         bool with_credentials);
// Every directory in control/hooks/, in the byte order of the names. with_credentials: false for
// programs that only show them. Never throws: what cannot be read is an error of that scanner.
std::vector<ReadScanner> read_scanners(const std::string& control, bool with_credentials);

// Credentials alone, once more (C20). A Failure names the file, never what it holds.
Result<Credentials> read_credentials(const ScannerSettings& settings);

// What changes when a credential file does: time and size of each, as text.
std::string credentials_stamp(const ScannerSettings& settings);

}
