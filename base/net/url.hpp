// http and https URLs, taken apart by the parser that also connects: what is checked here is what
// is asked later. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::net {

class Url {
public:
    // Absolute. nullopt: malformed, another scheme, user info, a fragment, over 2,048 octets, or
    // octets that must be encoded.
    static std::optional<Url> parse(std::string_view text);
    // A reference seen from this URL; absolute ones stand for themselves. nullopt as above.
    std::optional<Url> resolve(std::string_view reference) const;

    const std::string& text() const { return text_; }
    const std::string& scheme() const { return scheme_; }   // lower case
    const std::string& host() const { return host_; }       // lower case; IPv6 in brackets
    std::uint16_t port() const { return port_; }
    const std::string& path() const { return path_; }   // with the query
    std::string origin() const;                         // "https://host:443"
    bool is_loopback() const;                           // the host is a literal loopback address

private:
    static std::optional<Url> read(std::string_view base, std::string_view reference);
    std::string text_, scheme_, host_, path_;
    std::uint16_t port_ = 0;
};

}
