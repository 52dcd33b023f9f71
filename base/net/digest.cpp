#include "base/net/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace grapnel::net {

namespace {

constexpr std::size_t digest_size = 32;
using Bytes = std::array<unsigned char, digest_size>;

void check(bool good)
{
    if (!good) throw std::runtime_error("unable to compute a digest");
}

std::string text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

struct DeleteContext {
    void operator()(EVP_MD_CTX* context) const { ::EVP_MD_CTX_free(context); }
};

}

struct Sha256::State {
    std::unique_ptr<EVP_MD_CTX, DeleteContext> context{::EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>())
{
    check(state_->context && ::EVP_DigestInit_ex(state_->context.get(), ::EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes)
{
    check(::EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish()
{
    Bytes bytes{};
    check(::EVP_DigestFinal_ex(state_->context.get(), bytes.data(), nullptr) == 1);
    return text(bytes);
}

std::string sha256(std::string_view bytes)
{
    Sha256 digest;
    digest.add(bytes);
    return digest.finish();
}

namespace {

std::string hmac(const EVP_MD* kind, std::string_view key, std::string_view bytes)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> result{};
    unsigned size = 0;
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    check(::HMAC(kind, key.data(), static_cast<int>(key.size()), data, bytes.size(), result.data(),
                 &size) != nullptr);
    return {result.begin(), result.begin() + size};
}

}

std::string hmac_sha256(std::string_view key, std::string_view bytes)
{
    return hmac(::EVP_sha256(), key, bytes);
}

std::string hmac_md5(std::string_view key, std::string_view bytes)
{
    return hmac(::EVP_md5(), key, bytes);
}

}
