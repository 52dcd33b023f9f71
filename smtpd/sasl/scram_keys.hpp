// What a server keeps of a password for SCRAM-SHA-256 (RFC 5802 3, 7677): enough to know the
// password when it comes, not enough to be its owner elsewhere. Pure but for new salts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::sasl {

inline constexpr unsigned least_iterations = 4096, most_iterations = 1000000,
                          usual_iterations = 10000;

struct ScramKeys {
    bool known = true;   // false: invented for who does not exist
    unsigned iterations = usual_iterations;
    std::string salt = {}, stored = {}, server = {};   // bytes; 16 or so, 32, 32
    bool operator==(const ScramKeys&) const = default;
};

// password: prepared.
ScramKeys keys_of(std::string_view password, std::string_view salt, unsigned iterations);
ScramKeys new_keys(std::string_view password, unsigned iterations);

// The same for the same name and secret, so that who asks twice learns nothing; no password fits.
ScramKeys invented_keys(std::string_view user, std::string_view secret, unsigned iterations);

// In a time that says nothing about it.
bool is_password(const ScramKeys& keys, std::string_view password);

// "SCRAM-SHA-256$ITERATIONS:SALT$STORED:SERVER", the last three in base64 (RFC 5803's parts, as
// PostgreSQL writes them).
std::string encode(const ScramKeys& keys);
std::optional<ScramKeys> decode_keys(std::string_view text);

}
