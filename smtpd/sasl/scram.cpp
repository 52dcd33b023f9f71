#include "smtpd/sasl/scram.hpp"

#include "base/base64.hpp"
#include "base/net/digest.hpp"
#include "base/sys/secret.hpp"
#include "base/text.hpp"
#include "smtpd/sasl/gs2.hpp"
#include "smtpd/sasl/prepare.hpp"

#include <algorithm>

namespace grapnel::sasl {

namespace {

constexpr std::size_t longest_nonce = 512, nonce_bytes = 18, proof_size = 32;

// "x=value" at the front, up to the comma or the end.
std::optional<std::string_view> take_attribute(std::string_view& message, char letter)
{
    if (message.size() < 2 || message[0] != letter || message[1] != '=') return std::nullopt;
    const auto comma = std::min(message.find(','), message.size());
    const auto value = message.substr(2, comma - 2);
    message.remove_prefix(std::min(comma + 1, message.size()));
    return value;
}

bool is_nonce(std::string_view text)
{
    return !text.empty() && text.size() <= longest_nonce &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127; });
}

// The client's key is what he has signed with; nobody else can make the proof.
bool fits(const ScramKeys& keys, std::string_view proof, std::string_view signed_text)
{
    std::string key = net::hmac_sha256(keys.stored, signed_text);
    for (std::size_t i = 0; i < proof_size; ++i)
        key[i] = static_cast<char>(static_cast<unsigned char>(key[i]) ^
                                   static_cast<unsigned char>(proof[i]));
    const bool same = net::equal_secrets(net::sha256(key), keys.stored);
    wipe(key);
    return same && keys.known;
}

}

Step Scram::take(std::string_view response)
{
    switch (stage_) {
    case Stage::first:
        return take_first(response);
    case Stage::final:
        return take_final(response);
    case Stage::proven:
        break;
    }
    return response.empty() ? Step::done(user_) : Step::malformed();
}

// What will have to stand in the client's last message. False: that is no binding of ours.
bool Scram::bind(const Gs2Header& header)
{
    bound_ = header.text;
    if (binding_ != Binding::required)
        return header.flag == 'n' || (header.flag == 'y' && binding_ == Binding::none);
    if (header.flag != 'p' || !bytes_of_) return false;
    if (header.binding != "tls-exporter" && header.binding != "tls-server-end-point") return false;
    const auto bytes = bytes_of_(header.binding);
    if (!bytes) return false;
    bound_ += *bytes;
    return true;
}

Step Scram::take_first(std::string_view message)
{
    const auto header = take_gs2_header(message);
    if (!header) return Step::malformed();
    so_far_ = message;
    const auto name = take_attribute(message, 'n');   // an "m=" before it is for later versions
    const auto nonce = take_attribute(message, 'r');
    if (!name || !nonce || !is_nonce(*nonce)) return Step::malformed();
    const auto decoded = decode_saslname(*name);
    auto user = decoded ? prepare_name(*decoded) : std::nullopt;
    if (!user) return Step::malformed();
    if (!bind(*header)) return Step::refused();
    if (!header->user.empty() && prepare_name(header->user) != user) return Step::refused();
    user_ = std::move(*user);
    keys_ = keys_of_(user_);
    nonce_ = std::string(*nonce) + to_base64(net::random_bytes(nonce_bytes));
    const std::string answer =
        "r=" + nonce_ + ",s=" + to_base64(keys_.salt) + ",i=" + std::to_string(keys_.iterations);
    so_far_ += ',' + answer;
    stage_ = Stage::final;
    return Step::challenge(answer);
}

Step Scram::take_final(std::string_view message)
{
    const auto proof_at = message.rfind(",p=");
    if (proof_at == std::string_view::npos) return Step::malformed();
    const auto proof = from_base64(message.substr(proof_at + 3));
    const auto without_proof = message.substr(0, proof_at);
    auto rest = without_proof;
    const auto bound = take_attribute(rest, 'c');
    const auto nonce = take_attribute(rest, 'r');
    if (!bound || !nonce || !proof || proof->size() != proof_size) return Step::malformed();
    const std::string signed_text = so_far_ + ',' + std::string(without_proof);
    const bool proven = fits(keys_, *proof, signed_text);
    if (!proven || *nonce != nonce_ || from_base64(*bound) != bound_) return Step::refused();
    stage_ = Stage::proven;
    return Step::challenge("v=" + to_base64(net::hmac_sha256(keys_.server, signed_text)));
}

}
