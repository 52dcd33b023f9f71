// SHA-1 and HMAC with it (FIPS 180-4, RFC 2104), for old formats that are made of them: nothing new
// is to use them. In programs that start once per message, OpenSSL would cost more than the
// message. Raw bytes, not hexadecimal. Pure.
#pragma once

#include <string>
#include <string_view>

namespace grapnel {

std::string sha1(std::string_view bytes);                              // 20 bytes
std::string hmac_sha1(std::string_view key, std::string_view bytes);   // the same

}
