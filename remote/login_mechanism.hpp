// One SASL exchange as the client sees it: PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195),
// SCRAM-SHA-256 (RFC 5802, 7677). Bytes go in and come out; knows no SMTP, no base64. Pure but for
// random nonces.
#pragma once

#include "base/net/secrets.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::remote {

struct Login {
    std::string user;
    net::Secret password;
};

class LoginMechanism {
public:
    LoginMechanism() = default;
    LoginMechanism(const LoginMechanism&) = delete;
    LoginMechanism& operator=(const LoginMechanism&) = delete;
    virtual ~LoginMechanism() = default;

    // What may be said at once; nullopt: the server speaks first.
    virtual std::optional<net::Secret> first() { return std::nullopt; }
    // nullopt: that makes no sense, or is a trick; the exchange is to be cancelled.
    virtual std::optional<net::Secret> answer(std::string_view challenge) = 0;
    // The server has shown whatever it has to show. It may say yes now.
    virtual bool satisfied() const { return true; }
    // Who listens learns the password.
    virtual bool reveals() const { return false; }
};

// nullptr: there is no such one here, or not for this login.
std::unique_ptr<LoginMechanism> make_login_mechanism(std::string_view name, const Login& login);

}
