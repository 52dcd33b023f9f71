#include "remote/login_mechanism.hpp"

#include "base/base64.hpp"
#include "base/net/digest.hpp"
#include "base/sys/secret.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::remote {

namespace {

using net::Secret;

class Plain final : public LoginMechanism {
public:
    explicit Plain(const Login& login) : login_(login) {}
    std::optional<Secret> first() override
    {
        std::string text;
        text.reserve(login_.user.size() + login_.password.view().size() + 2);
        text += '\0' + login_.user + '\0';
        text += login_.password.view();
        Secret result(text);
        wipe(text);
        return result;
    }
    std::optional<Secret> answer(std::string_view) override { return std::nullopt; }
    bool reveals() const override { return true; }

private:
    const Login& login_;
};

// Two questions, whatever their words.
class TwoAnswers final : public LoginMechanism {
public:
    explicit TwoAnswers(const Login& login) : login_(login) {}
    std::optional<Secret> answer(std::string_view) override
    {
        switch (asked_++) {
        case 0:
            return Secret(login_.user);
        case 1:
            return Secret(login_.password.view());
        default:
            return std::nullopt;
        }
    }
    bool reveals() const override { return true; }

private:
    const Login& login_;
    unsigned asked_ = 0;
};

class CramMd5 final : public LoginMechanism {
public:
    explicit CramMd5(const Login& login) : login_(login) {}
    std::optional<Secret> answer(std::string_view challenge) override
    {
        if (challenge.empty() || std::exchange(answered_, true)) return std::nullopt;
        constexpr std::string_view digits = "0123456789abcdef";
        std::string text = login_.user + ' ';
        for (const char c : net::hmac_md5(login_.password.view(), challenge)) {
            const auto byte = static_cast<unsigned char>(c);
            text += digits[byte >> 4];
            text += digits[byte & 15];
        }
        return Secret(text);
    }

private:
    const Login& login_;
    bool answered_ = false;
};

// A server that asks for less would have the password guessed from what it sees; for more, keep
// other mail waiting.
constexpr unsigned least_iterations = 4096, most_iterations = 200'000;
constexpr std::size_t nonce_bytes = 18, longest_challenge = 2048;

class Scram final : public LoginMechanism {
public:
    explicit Scram(const Login& login) : login_(login) {}

    std::optional<Secret> first() override
    {
        nonce_ = to_base64(net::random_bytes(nonce_bytes));
        so_far_ = "n=" + saslname() + ",r=" + nonce_;
        return Secret(header + so_far_);
    }

    std::optional<Secret> answer(std::string_view challenge) override
    {
        if (challenge.size() > longest_challenge) return std::nullopt;
        if (std::exchange(proven_, true)) return hear_proof(challenge);
        return prove(challenge);
    }

    bool satisfied() const override { return satisfied_; }

private:
    // RFC 5802 5.1: without a binding, which the server's certificate makes up for.
    static inline const std::string header = "n,,";

    std::string saslname() const
    {
        std::string name;
        for (const char c : login_.user)
            name += c == ',' ? "=2C" : c == '=' ? "=3D" : std::string(1, c);
        return name;
    }

    // "r=NONCE,s=SALT,i=COUNT"
    std::optional<Secret> prove(std::string_view challenge)
    {
        const auto parts = split(challenge, ',');
        if (parts.size() < 3 || !parts[0].starts_with("r=") || !parts[1].starts_with("s=") ||
            !parts[2].starts_with("i="))
            return std::nullopt;
        const auto nonce = parts[0].substr(2);
        const auto salt = from_base64(parts[1].substr(2));
        const auto count = parse_number<unsigned>(parts[2].substr(2));
        if (!nonce.starts_with(nonce_) || nonce.size() == nonce_.size()) return std::nullopt;
        if (!salt || salt->empty() || !count || *count < least_iterations ||
            *count > most_iterations)
            return std::nullopt;

        const auto bare = "c=" + to_base64(header) + ",r=" + std::string(nonce);
        so_far_ += ',' + std::string(challenge) + ',' + bare;
        std::string salted = net::pbkdf2_sha256(login_.password.view(), *salt, *count);
        std::string key = net::hmac_sha256(salted, "Client Key");
        const auto signature = net::hmac_sha256(net::sha256(key), so_far_);
        expected_ = net::hmac_sha256(net::hmac_sha256(salted, "Server Key"), so_far_);
        for (std::size_t i = 0; i < key.size(); ++i)
            key[i] = static_cast<char>(static_cast<unsigned char>(key[i]) ^
                                       static_cast<unsigned char>(signature[i]));
        Secret result(bare + ",p=" + to_base64(key));
        wipe(salted);
        wipe(key);
        return result;
    }

    // "v=SIGNATURE"
    std::optional<Secret> hear_proof(std::string_view challenge)
    {
        if (satisfied_ || !challenge.starts_with("v=")) return std::nullopt;
        const auto signature = from_base64(challenge.substr(2, challenge.find(',') - 2));
        satisfied_ = signature && net::equal_secrets(*signature, expected_);
        if (!satisfied_) return std::nullopt;
        return Secret();
    }

    const Login& login_;
    std::string nonce_, so_far_, expected_;
    bool proven_ = false, satisfied_ = false;
};

// As RFC 4013 would leave it.
bool is_plain_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c < 127; });
}

}

std::unique_ptr<LoginMechanism> make_login_mechanism(std::string_view name, const Login& login)
{
    if (name == "PLAIN") return std::make_unique<Plain>(login);
    if (name == "LOGIN") return std::make_unique<TwoAnswers>(login);
    if (name == "CRAM-MD5") return std::make_unique<CramMd5>(login);
    if (name == "SCRAM-SHA-256" && is_plain_ascii(login.user) &&
        is_plain_ascii(login.password.view()))
        return std::make_unique<Scram>(login);
    return nullptr;
}

}
