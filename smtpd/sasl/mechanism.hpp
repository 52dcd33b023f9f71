// One SASL exchange as the server sees it: bytes of the client go in, and what is to be done comes
// out. Knows no SMTP, no base64, no files: back ends are asked by whoever holds it. Pure but for
// random nonces.
#pragma once

#include "base/net/secrets.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::sasl {

struct ScramKeys;

// What a client may use here. What is set says what a mechanism needs.
struct Surroundings {
    bool passwords = false;   // somebody can judge a password in the clear
    bool tokens = false;      // somebody can judge a token
    // The keys of a user, invented ones (known is false) where there is no such user.
    std::function<ScramKeys(std::string_view user)> keys = {};
    // Of this TLS connection: the bytes of "tls-exporter" (RFC 9266), "tls-server-end-point" (RFC
    // 5929); nullopt: not to be had.
    std::function<std::optional<std::string>(std::string_view type)> binding = {};
    std::string certified = {};   // who the client's certificate says he is; "": nobody
};

struct Step {
    enum class Kind {
        challenge,   // bytes go to the client, who answers
        check,       // user and secret go to a back end, and its word to judged()
        done,        // the client is user
        refused,
        malformed,
    };
    enum class Check { password, token };
    Kind kind = Kind::refused;
    std::string bytes = {}, user = {};
    net::Secret secret = {};
    Check check = Check::password;

    static Step challenge(std::string bytes);
    static Step done(std::string user);
    static Step ask(Check check, std::string user, std::string_view secret);
    static Step refused() { return {}; }
    static Step malformed();
};

class Mechanism {
public:
    Mechanism() = default;
    Mechanism(const Mechanism&) = delete;
    Mechanism& operator=(const Mechanism&) = delete;
    virtual ~Mechanism() = default;

    // Without an initial response of the client's.
    virtual Step begin() { return Step::challenge(""); }
    virtual Step take(std::string_view response) = 0;
    // After Step::Kind::check; user is who was asked about.
    virtual Step judged(bool accepted, std::string user);
};

// Names of those that can work in these surroundings, among the wanted ones, strongest first.
std::vector<std::string> offered(const std::vector<std::string>& wanted,
                                 const Surroundings& surroundings);
// All that exist.
const std::vector<std::string>& all_mechanisms();

// name: one of offered(), in any case; plus_offered: so the client has seen that SCRAM with a
// binding is there.
std::unique_ptr<Mechanism> make_mechanism(std::string_view name, const Surroundings& surroundings,
                                          bool plus_offered);

}
