// What a socket is for: mail from other hosts, or from people's own programs; and whether TLS
// begins with the first octet. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace grapnel::smtpd {

enum class Kind { smtp, submission, lmtp };   // lmtp: RFC 2033, from a host that queues by itself
inline constexpr std::array all_kinds{Kind::smtp, Kind::submission, Kind::lmtp};

struct Service {
    Kind kind = Kind::smtp;
    bool tls_at_once = false;   // RFC 8314: port 465
    bool operator==(const Service&) const = default;
};

// As in /etc/services, in their order: without TLS at once and with it.
inline constexpr std::array<std::string_view, 6> service_names{"smtp",        "smtps", "submission",
                                                               "submissions", "lmtp",  "lmtps"};

constexpr std::string_view name(Service service)
{
    return service_names[static_cast<std::size_t>(service.kind) * 2 +
                         (service.tls_at_once ? 1 : 0)];
}
constexpr std::string_view name(Kind kind) { return name(Service{kind, false}); }

constexpr std::optional<Service> service_named(std::string_view word)
{
    for (const Kind kind : all_kinds)
        for (const bool tls_at_once : {false, true})
            if (const Service service{kind, tls_at_once}; name(service) == word) return service;
    return std::nullopt;
}

}
