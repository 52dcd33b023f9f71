// What is to be said to one host, and what is known of one that has greeted. Values.
#pragma once

#include "remote/login_mechanism.hpp"
#include "remote/requests.hpp"
#include "remote/tls_policy.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace grapnel::remote {

struct Errand {
    std::string peer;   // its address, as reports name it
    std::string helo_name;
    std::string sender;                       // quoted for SMTP; empty: bounce
    std::vector<std::string> recipients;      // quoted for SMTP
    std::optional<std::uint64_t> size = {};   // RFC 1870; nullopt: not known beforehand
    bool eight_bit = false;
    bool binary = false;   // goes by BDAT; size is known (RFC 3030)
    Requests requests = {};
    std::set<std::string, std::less<>> unused =
        {};                       // extensions not to be used, upper case; "EHLO": say HELO
    bool may_be_myself = false;   // found by MX: whoever greets with my own name is me
    std::string host = {};        // its name, for people to read
    TlsLevel tls = TlsLevel::none;
    bool tls_at_once = false;                  // before the greeting (RFC 8314)
    std::shared_ptr<const Login> login = {};   // shared with the route; nullptr: none
};

// What is known of a server that has greeted, and may take another message.
struct SmtpSession {
    std::set<std::string, std::less<>> offers = {};
    std::optional<std::uint64_t> size_limit = {};
    unsigned messages = 0;                                // accepted so far
    std::set<std::string, std::less<>> mechanisms = {};   // of AUTH
    std::string tls = {};                                 // as reports call it; "": in the clear
    std::uint64_t shortest_time = 0;                      // seconds; RFC 2852 2
};

}
