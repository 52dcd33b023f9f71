// The header that SCRAM and OAUTHBEARER begin with (RFC 5801 4): channel binding and the user to
// act for. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::sasl {

struct Gs2Header {
    char flag = 'n';            // 'n', 'y' (could bind, thinks that we cannot), 'p'
    std::string binding = {};   // the type, with 'p'
    std::string user = {};      // decoded; "": himself
    std::string text = {};      // as it stood
};

// Taken off the front of message; nullopt: it is none.
std::optional<Gs2Header> take_gs2_header(std::string_view& message);

// "=2C" and "=3D" are a comma and an equals sign; nullopt: any other "=", or a NUL.
std::optional<std::string> decode_saslname(std::string_view text);

}
