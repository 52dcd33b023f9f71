// A scanner as the daemon holds it: it registers by itself, tells how it is, and ends in order.
#pragma once

#include "base/net/loop.hpp"
#include "hooks/registration/registration.hpp"
#include "hooks/scanner/scanner.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

// For qmail-hooks: a scanner as it is now.
struct ScannerState {
    std::string registration = {};   // "active", "registering", "suspended", "parked", "none"
    std::string registration_id = {};
    std::optional<std::int64_t> expires_at = {};   // unix milliseconds
    std::string trouble = {};                      // why there is none; the last failure
    std::string breaker = {};                      // "closed", "open", "probing"
    std::size_t in_flight = 0, waiting = 0;
};

class LiveScanner : public Scanner {
public:
    virtual ScannerState state() const = 0;
    // An operator acted: credentials are read again, what is parked tries again.
    virtual void look_again() = 0;
    // What the scanner says of its registration, for people (C16).
    virtual net::asio::awaitable<RegistrationStatus> ask_status() = 0;
    // No further calls; those in flight end, then it deregisters, in 5 s at most.
    virtual net::asio::awaitable<void> end() = 0;
};

struct ScannerSurroundings {
    std::string name = {};   // ours, in registrations: "grapnel mx1.example.net"
    std::string version = {};
    std::string state_file = {};   // where the registration is kept; "": nowhere
    std::function<void(std::string_view line)> log = {};   // absent: descriptor 2
    std::uint64_t message_limit = 0;                       // octets that we take over SMTP; 0: none
};

std::shared_ptr<LiveScanner> make_scanner(net::Executor executor, ScannerSettings settings,
                                          ScannerSurroundings around);

}
