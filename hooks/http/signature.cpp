#include "hooks/http/signature.hpp"

#include "base/net/digest.hpp"
#include "hooks/values/base64.hpp"

namespace grapnel::hooks {

namespace {

// RFC 8941 3.3.3.
std::string quoted(std::string_view text)
{
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + '"';
}

std::string bytes(std::string_view raw) { return ':' + base64(raw) + ':'; }   // RFC 8941 3.3.5

}

std::vector<net::HttpField> signature(const SignedParts& parts, std::string_view key,
                                      std::string_view key_id, std::int64_t created)
{
    std::vector<net::HttpField> fields;
    std::string base, covered;
    const auto cover = [&](const std::string& component, const std::string& value) {
        base += quoted(component) + ": " + value + '\n';
        covered += (covered.empty() ? "" : " ") + quoted(component);
    };
    cover("@method", parts.method);
    cover("@target-uri", parts.url);
    if (!parts.body_sha256.empty()) {
        fields.push_back({"Content-Digest", "sha-256=" + bytes(parts.body_sha256)});
        cover("content-digest", fields.back().value);
    }
    if (!parts.registration.empty()) cover("x-mta-hooks-registration", parts.registration);
    if (!parts.request_id.empty()) cover("x-mta-hooks-request-id", parts.request_id);
    const auto parameters = '(' + covered + ");created=" + std::to_string(created) +
                            ";keyid=" + quoted(key_id) + ";alg=\"hmac-sha256\"";
    base += quoted("@signature-params") + ": " + parameters;
    fields.push_back({"Signature-Input", "sig1=" + parameters});
    fields.push_back({"Signature", "sig1=" + bytes(net::hmac_sha256(key, base))});
    return fields;
}

}
