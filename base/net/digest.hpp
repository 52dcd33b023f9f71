// SHA-256 and HMAC. Pure; raw bytes, not hexadecimal.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace grapnel::net {

class Sha256 {
public:
    Sha256();
    ~Sha256();
    void add(std::string_view bytes);
    std::string finish();   // 32 bytes; once

private:
    struct State;
    std::unique_ptr<State> state_;
};

std::string sha256(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);
// For CRAM-MD5 (RFC 2195) alone; throws where this host's OpenSSL will not have it.
std::string hmac_md5(std::string_view key, std::string_view bytes);

}
