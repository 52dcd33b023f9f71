// A client of RFC 5802, as far as tests need one.
#pragma once

#include "base/base64.hpp"
#include "base/net/digest.hpp"
#include "base/net/secrets.hpp"
#include "base/text.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace grapnel::test {

struct ScramClient {
    std::string header, bound, bare = "n=user,r=fyko+d2lbbFgONRv9qkxdawL", final_bare = {};
    std::string signature = {};

    std::string first() const { return header + bare; }
    std::string final(std::string_view challenge, std::string_view password)
    {
        auto rest = challenge;
        const auto nonce = take_until(rest, ',')->substr(2);
        const auto salt = take_until(rest, ',')->substr(2);
        const auto iterations = *parse_number<unsigned>(rest.substr(2));
        final_bare = "c=" + to_base64(header + bound) + ",r=" + std::string(nonce);
        const std::string all = bare + ',' + std::string(challenge) + ',' + final_bare;
        const auto salted = net::pbkdf2_sha256(password, *from_base64(salt), iterations);
        std::string proof = net::hmac_sha256(salted, "Client Key");
        const auto mask = net::hmac_sha256(net::sha256(proof), all);
        for (std::size_t i = 0; i < proof.size(); ++i) proof[i] ^= mask[i];
        signature = net::hmac_sha256(net::hmac_sha256(salted, "Server Key"), all);
        return final_bare + ",p=" + to_base64(proof);
    }
};

}
