// AUTH as the client (RFC 4954): tries what the server offers, the safest first, and says what the
// next line is. Replies go in, as the dialogue reads them. Pure.
#pragma once

#include "base/mail/reply.hpp"
#include "remote/login_mechanism.hpp"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::remote {

class LoginExchange {
public:
    // offered: mechanisms, upper case. proven_host: TLS, and nobody else hears what we say.
    LoginExchange(std::shared_ptr<const Login> login, bool encrypted, bool proven_host,
                  const std::set<std::string, std::less<>>& offered);

    enum class State {
        going_on,   // line() is to be sent
        done,
        refused,   // the last reply says why
        cheated,   // the server said yes without having shown that it knows the password
        unable,    // nothing that it offers can be used
    };
    State state() const { return state_; }
    net::Secret line();   // with CR LF; once

    void take(const Reply& reply);

private:
    void next_mechanism();
    void say(std::string_view text);
    void answer(std::string_view challenge);

    std::shared_ptr<const Login> login_;   // shared with the errand
    std::vector<std::string> left_;        // mechanisms, the next one last
    std::unique_ptr<LoginMechanism> mechanism_;
    std::optional<net::Secret> pending_;   // too long for the command
    bool proven_host_, cancelled_ = false;
    State state_ = State::unable;
    net::Secret line_;
};

}
