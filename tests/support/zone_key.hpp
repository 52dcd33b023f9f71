// A zone's key of DNSSEC and what it signs: Ed25519 (RFC 4034, 8080), for a day around now.
//
//     ZoneKey key("signed.example");
//     key.sign_mx(dns, 10, "mx.example");
//     home.control("trustanchors", key.anchor());
#pragma once

#include "support/fake_dns.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace grapnel::test {

class ZoneKey {
public:
    explicit ZoneKey(std::string zone);   // lower case, without the last dot
    ~ZoneKey();

    std::string anchor() const;   // "ZONE. IN DNSKEY …"
    // The zone's own MX, and its key, both signed. The only record of its type.
    void sign_mx(FakeDns& dns, unsigned preference, const std::string& host) const;

private:
    struct Key;
    std::string signature(std::uint16_t type, const std::string& data) const;
    std::string zone_;
    std::unique_ptr<Key> key_;
    std::string record_;   // the data of its DNSKEY
};

}
