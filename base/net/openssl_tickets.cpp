#include "base/net/openssl_tickets.hpp"

#include "base/net/tls_server.hpp"
#include "base/sys/secret.hpp"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace grapnel::net::openssl {

namespace {
constexpr std::size_t name_size = 16, key_size = 32, start_size = 16;
static_assert(name_size + key_size * 2 == ticket_key_size);
}

TicketKeys::~TicketKeys() { wipe(keys_); }

void TicketKeys::set(std::string keys)
{
    wipe(keys_);
    keys_ = std::move(keys);
}

int TicketKeys::apply(unsigned char* name, unsigned char* start, EVP_CIPHER_CTX* cipher,
                      EVP_MAC_CTX* mac, bool to_make) const
{
    const auto* const all = reinterpret_cast<const unsigned char*>(keys_.data());
    const auto count = keys_.size() / ticket_key_size;
    std::size_t which = 0;
    if (to_make) {
        if (count == 0 || RAND_bytes(start, start_size) != 1) return -1;
        std::copy_n(all, name_size, name);
    } else {
        while (which < count && !std::equal(name, name + name_size, all + which * ticket_key_size))
            ++which;
        if (which == count) return 0;
    }
    const auto* const key = all + which * ticket_key_size + name_size;
    const int made = to_make ? EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key, start)
                             : EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key, start);
    std::array<unsigned char, key_size> secret{};
    std::copy_n(key + key_size, key_size, secret.data());
    std::string digest = "SHA256";
    const std::array parameters{
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret.data(), secret.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    const int keyed = EVP_MAC_CTX_set_params(mac, parameters.data());
    OPENSSL_cleanse(secret.data(), secret.size());
    if (made != 1 || keyed != 1) return -1;
    return to_make || which == 0 ? 1 : 2;
}

}
