// Our HMAC signature of a request (C19): RFC 9421 message signatures, RFC 9530 digests. Pure.
#pragma once

#include "base/net/http_reply.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

// What is signed; what is empty is absent from the request.
struct SignedParts {
    std::string method, url;
    std::string body_sha256 = {};   // 32 bytes; of requests with a body
    std::string registration = {}, request_id = {};
};

// Content-Digest (where there is a body), Signature-Input and Signature. created: unix seconds.
std::vector<net::HttpField> signature(const SignedParts& parts, std::string_view key,
                                      std::string_view key_id, std::int64_t created);

}
