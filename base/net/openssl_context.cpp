#include "base/net/openssl_context.hpp"

#include "base/text.hpp"

#include <new>

namespace grapnel::net::openssl {

Context make_context(const SSL_METHOD* method)
{
    Context context(SSL_CTX_new(method));
    if (!context) throw std::bad_alloc();
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);   // RFC 8996
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_max_cert_list(context.get(), longest_chain);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

bool set_ciphers(SSL_CTX* context, const std::string& list)
{
    std::string before, after;   // TLS 1.2, TLS 1.3
    std::string words = list;
    for (char& c : words)
        if (c == ',' || c == ' ' || c == '\t') c = ':';
    for (const auto word : split(words, ':')) {
        auto& part = word.starts_with("TLS_") ? after : before;
        if (!word.empty()) part += (part.empty() ? "" : ":") + std::string(word);
    }
    const bool fits = (before.empty() || SSL_CTX_set_cipher_list(context, before.c_str()) == 1) &&
                      (after.empty() || SSL_CTX_set_ciphersuites(context, after.c_str()) == 1);
    ERR_clear_error();
    return fits;
}

}
