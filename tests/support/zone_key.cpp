#include "support/zone_key.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"

#include <openssl/evp.h>

#include <array>
#include <ctime>
#include <stdexcept>
#include <utility>

namespace grapnel::test {

namespace {

constexpr std::uint16_t type_mx = 15, type_dnskey = 48;
constexpr unsigned char ed25519 = 15;
constexpr std::time_t day = 86400;

std::string number(std::uint64_t value, unsigned bytes)
{
    std::string wire;
    for (unsigned i = bytes; i > 0; --i) wire += static_cast<char>(value >> (8 * (i - 1)) & 0xff);
    return wire;
}

// RFC 4034 appendix B.
unsigned key_tag(const std::string& record)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < record.size(); ++i) {
        const std::uint32_t octet = static_cast<unsigned char>(record[i]);
        sum += i % 2 == 0 ? octet << 8 : octet;
    }
    return (sum + (sum >> 16)) & 0xffff;
}

}

struct ZoneKey::Key {
    EVP_PKEY* pair = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    Key() = default;
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    ~Key() { EVP_PKEY_free(pair); }

    std::string public_half() const
    {
        std::array<unsigned char, 32> bytes{};
        std::size_t size = bytes.size();
        if (EVP_PKEY_get_raw_public_key(pair, bytes.data(), &size) != 1)
            throw std::runtime_error("no key");
        return {bytes.begin(), bytes.end()};
    }
    std::string sign(const std::string& text) const
    {
        std::array<unsigned char, 64> bytes{};
        std::size_t size = bytes.size();
        EVP_MD_CTX* context = EVP_MD_CTX_new();
        const bool good =
            EVP_DigestSignInit(context, nullptr, nullptr, nullptr, pair) == 1 &&
            EVP_DigestSign(context, bytes.data(), &size,
                           reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
        EVP_MD_CTX_free(context);
        if (!good) throw std::runtime_error("no signature");
        return {bytes.begin(), bytes.end()};
    }
};

ZoneKey::ZoneKey(std::string zone) : zone_(std::move(zone)), key_(std::make_unique<Key>())
{
    constexpr unsigned key_of_zone = 257, protocol = 3;
    record_ =
        number(key_of_zone, 2) + number(protocol, 1) + number(ed25519, 1) + key_->public_half();
}

ZoneKey::~ZoneKey() = default;

std::string ZoneKey::anchor() const
{
    return zone_ + ". IN DNSKEY 257 3 15 " + to_base64(key_->public_half());
}

std::string ZoneKey::signature(std::uint16_t type, const std::string& data) const
{
    const auto now = static_cast<std::uint64_t>(std::time(nullptr));
    const auto name = FakeDns::encoded(zone_);
    const auto labels = split(zone_, '.').size();
    const auto lifetime = number(FakeDns::lifetime, 4);
    const auto head = number(type, 2) + number(ed25519, 1) + number(labels, 1) + lifetime +
                      number(now + day, 4) + number(now - day, 4) + number(key_tag(record_), 2) +
                      name;
    return head + key_->sign(head + name + number(type, 2) + number(1, 2) + lifetime +
                             number(data.size(), 2) + data);
}

void ZoneKey::sign_mx(FakeDns& dns, unsigned preference, const std::string& host) const
{
    const auto mx = number(preference, 2) + FakeDns::encoded(host);
    dns.add_signed(zone_, type_mx, mx, signature(type_mx, mx));
    dns.add_signed(zone_, type_dnskey, record_, signature(type_dnskey, record_));
}

}
