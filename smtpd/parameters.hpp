// The parameters of MAIL and RCPT, by one table: where each is allowed, how its value looks, which
// extension it belongs to. Pure.
#pragma once

#include "smtpd/command.hpp"
#include "smtpd/extensions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::smtpd {

struct Parameters {
    std::optional<std::uint64_t> size;   // RFC 1870; a number beyond 64 bits is the largest
    std::optional<std::string> body;     // RFC 6152, as the client wrote it
};

enum class ParameterPlace { mail, rcpt };

// ignore_unknown: classic qmail's way with what is not in the table or switched off.
Fault parse_parameters(std::string_view text, ParameterPlace place, const Extensions& offered,
                       bool ignore_unknown, Parameters& parameters);

// What stands there, whatever it means: keywords in upper case, values as the client wrote them, ""
// where there is none. What cannot be a parameter is left out (RFC 5321 4.1.2).
std::vector<std::pair<std::string, std::string>> parameters_as_given(std::string_view text);

}
