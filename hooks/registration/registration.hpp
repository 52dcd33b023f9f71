// The registration with a scanner as values (mta-hooks 4.1, 4.2): what is asked for, what is
// agreed, and what is left of it once both are laid over each other. Pure.
#pragma once

#include "hooks/registration/discovery.hpp"
#include "hooks/scanner/scanner.hpp"

#include <boost/json/value.hpp>

namespace grapnel::hooks {

// What one registration asks for (C10).
struct RegistrationWish {
    net::Url url;   // that is asked
    Serialization serialization = Serialization::json;
    Stages stages;
    std::optional<std::vector<Pointer>> inbound, outbound;   // properties; nullopt: all there are
    std::vector<Pointer> may_change, may_change_outbound;
    std::vector<Action> actions;
    std::optional<std::uint64_t> message_limit;
    std::optional<std::chrono::milliseconds> timeout;   // discovery's, where none is configured
    std::string deregistration;                         // discovery's template
    std::vector<std::string> lacking;   // configured stages that the scanner does not take
};

// discovery: nullptr without. A Failure: the scanner lacks what is needed.
Result<RegistrationWish> make_wish(const ScannerSettings& settings, const Discovery* discovery);

struct RegistrationIdentity {
    std::string name;   // "grapnel mx1.example.net"
    std::string version;
};
boost::json::value registration_request(const ScannerSettings& settings,
                                        const RegistrationWish& wish,
                                        const RegistrationIdentity& identity);

// How long a call may take (C68).
std::chrono::milliseconds call_budget(const ScannerSettings& settings,
                                      std::optional<std::chrono::milliseconds> offered,
                                      Stage stage);

struct Registration {
    Agreement agreement;
    bool suspended = false;
    std::string hook_url, deregistration_url, status_url;    // absolute; the last two may be ""
    std::int64_t registered_at = 0;                          // unix milliseconds
    std::optional<std::int64_t> expires_at = {};             // likewise; nullopt: never
    std::optional<std::chrono::milliseconds> timeout = {};   // the scanner's own
};

// Body of a 201. A Failure: no registration; why, for a log. remarks: what was ignored.
Result<Registration> decode_registration(Serialization serialization, std::string_view body,
                                         const RegistrationWish& wish, const Origins& origins,
                                         std::int64_t now, std::vector<std::string>& remarks);

bool is_registration_id(std::string_view id);   // it goes into headers

// Stages that must be confirmed and are not.
std::vector<std::string> unconfirmed(const ScannerSettings& settings, const Agreement& agreement);

// What a scanner says of a registration. For people but for the word.
struct RegistrationStatus {
    std::string word = {};     // "active", "suspended", "deregistered", or "unknown: …"
    std::string health = {};   // "degraded, 3 failures in a row"; "": it says nothing
};
Result<RegistrationStatus> decode_status(Serialization serialization, std::string_view body);

}
