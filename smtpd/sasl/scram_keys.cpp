#include "smtpd/sasl/scram_keys.hpp"

#include "base/base64.hpp"
#include "base/net/digest.hpp"
#include "base/net/secrets.hpp"
#include "base/sys/secret.hpp"
#include "base/text.hpp"

namespace grapnel::sasl {

namespace {

constexpr std::string_view scheme = "SCRAM-SHA-256";
constexpr std::size_t key_size = 32, salt_size = 16, longest_salt = 64;

}

ScramKeys keys_of(std::string_view password, std::string_view salt, unsigned iterations)
{
    std::string salted = net::pbkdf2_sha256(password, salt, iterations);
    std::string client = net::hmac_sha256(salted, "Client Key");
    ScramKeys keys;
    keys.iterations = iterations;
    keys.salt = salt;
    keys.stored = net::sha256(client);
    keys.server = net::hmac_sha256(salted, "Server Key");
    wipe(salted);
    wipe(client);
    return keys;
}

ScramKeys new_keys(std::string_view password, unsigned iterations)
{
    return keys_of(password, net::random_bytes(salt_size), iterations);
}

ScramKeys invented_keys(std::string_view user, std::string_view secret, unsigned iterations)
{
    const auto part = [&](std::string_view what) {
        return net::hmac_sha256(secret, std::string(what) + '\0' + std::string(user));
    };
    return {false, iterations, part("salt").substr(0, salt_size), part("stored"), part("server")};
}

bool is_password(const ScramKeys& keys, std::string_view password)
{
    const auto his = keys_of(password, keys.salt, keys.iterations);
    return net::equal_secrets(his.stored, keys.stored) && keys.known;
}

std::string encode(const ScramKeys& keys)
{
    return std::string(scheme) + '$' + std::to_string(keys.iterations) + ':' +
           to_base64(keys.salt) + '$' + to_base64(keys.stored) + ':' + to_base64(keys.server);
}

std::optional<ScramKeys> decode_keys(std::string_view text)
{
    const auto name = take_until(text, '$');
    const auto iterations = take_until(text, ':');
    const auto salt = take_until(text, '$');
    const auto stored = take_until(text, ':');
    if (!name || !iterations || !salt || !stored || *name != scheme) return std::nullopt;
    const auto number = parse_number<unsigned>(*iterations);
    const auto salt_bytes = from_base64(*salt), stored_bytes = from_base64(*stored),
               server_bytes = from_base64(text);
    if (!number || *number < least_iterations || *number > most_iterations) return std::nullopt;
    if (!salt_bytes || salt_bytes->empty() || salt_bytes->size() > longest_salt)
        return std::nullopt;
    if (!stored_bytes || stored_bytes->size() != key_size) return std::nullopt;
    if (!server_bytes || server_bytes->size() != key_size) return std::nullopt;
    return ScramKeys{true, *number, *salt_bytes, *stored_bytes, *server_bytes};
}

}
