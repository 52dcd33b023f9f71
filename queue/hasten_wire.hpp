// What qmail-smtpd asks of qmail-send for ETRN (RFC 1985), and what it hears: a line each way over
// run/send/hasten. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::queue {

inline constexpr std::size_t longest_hasten_line = 300;   // either way, with its LF
inline constexpr std::size_t longest_hastened_domain = 255;

struct HastenRequest {
    std::string domain;        // lower case, ASCII
    bool subdomains = false;   // and all below it
    bool operator==(const HastenRequest&) const = default;

    // "example.org" or "@example.org": as a client of ETRN writes it.
    std::string name() const { return (subdomains ? "@" : "") + domain; }
};
std::string encode(const HastenRequest& request);                            // "hasten NAME" LF
std::optional<HastenRequest> decode_hasten_request(std::string_view line);   // without LF

// The recipient's domain is meant.
bool covers(const HastenRequest& request, std::string_view domain_in_lower_case);

struct HastenAnswer {
    enum class State {
        done,    // these were all
        begun,   // these are some, or none is known yet
        later,   // nothing was done
    };
    State state = State::later;
    std::uint64_t messages = 0;   // that are due now
    bool operator==(const HastenAnswer&) const = default;
};
std::string encode(const HastenAnswer& answer);   // "done N", "begun N" or "later", LF
std::optional<HastenAnswer> decode_hasten_answer(std::string_view line);

}
