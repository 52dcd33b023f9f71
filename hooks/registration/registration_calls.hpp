// The requests by which a registration is made, asked about and taken back: each once, no state.
#pragma once

#include "base/net/timer.hpp"
#include "hooks/http/scanner_client.hpp"
#include "hooks/registration/registration.hpp"
#include "hooks/registration/registration_trouble.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

// Either a registration or what is wrong.
struct RegistrationAttempt {
    std::optional<Registration> registration = {};
    RegistrationTrouble trouble = {};
    std::optional<Registration> useless = {};   // made, but lacking something: to be taken back
};

class RegistrationCalls {
public:
    // settings, client: must live as long.
    RegistrationCalls(const ScannerSettings& settings, ScannerClient& client,
                      RegistrationIdentity identity, std::function<void(const std::string&)> say);

    const RegistrationIdentity& identity() const { return identity_; }

    // Discovery, where it is wanted, and the registration.
    net::asio::awaitable<RegistrationAttempt> make();
    net::asio::awaitable<RegistrationStatus> ask_status(Registration registration,
                                                        net::Moment deadline);
    net::asio::awaitable<void> take_back(Registration registration, net::Moment deadline);

private:
    net::asio::awaitable<RegistrationTrouble> discover(Discovery& discovery);
    net::asio::awaitable<RegistrationAttempt> ask_for(RegistrationWish wish);

    const ScannerSettings& settings_;
    ScannerClient& client_;
    RegistrationIdentity identity_;
    std::function<void(const std::string&)> say_;
    std::optional<Origins> origins_;
};

}
