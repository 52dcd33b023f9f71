// What a POP3 client is answered until he has said who he is: RFC 1939 4, in the words of the
// original qmail-popup. Knows no checker.
#pragma once

#include "base/sys/dialogue.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

struct Credentials {
    std::string user, secret;   // the secret: a password, or APOP's digest
};

// banner: "<PID.TIME@HOST>". nullopt: he has taken his leave. Throws ClientGone.
std::optional<Credentials> ask_credentials(Dialogue& client, std::string_view banner);

}
