#include "base/net/secrets.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace grapnel::net {

std::string random_bytes(std::size_t count)
{
    std::string bytes(count, '\0');
    auto* room = reinterpret_cast<unsigned char*>(bytes.data());
    if (::RAND_bytes(room, static_cast<int>(count)) != 1)
        throw std::runtime_error("no random bytes to be had");
    return bytes;
}

std::string pbkdf2_sha256(std::string_view password, std::string_view salt, unsigned iterations)
{
    std::array<unsigned char, 32> key{};
    const auto* salt_bytes = reinterpret_cast<const unsigned char*>(salt.data());
    if (::PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt_bytes,
                            static_cast<int>(salt.size()), static_cast<int>(iterations),
                            ::EVP_sha256(), static_cast<int>(key.size()), key.data()) != 1)
        throw std::runtime_error("unable to derive a key");
    std::string result(key.begin(), key.end());
    ::OPENSSL_cleanse(key.data(), key.size());
    return result;
}

bool equal_secrets(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe_bytes(std::string_view bytes)
{
    ::OPENSSL_cleanse(const_cast<char*>(bytes.data()), bytes.size());
}

// Short text lies in the object itself, so its whole room is overwritten, whatever it holds now.
void Secret::clear()
{
    text_.resize(text_.capacity());
    ::OPENSSL_cleanse(text_.data(), text_.size());
    text_.clear();
}

}
