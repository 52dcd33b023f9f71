#include "base/net/openssl_credentials.hpp"

#include <openssl/pem.h>

#include <algorithm>

namespace grapnel::net::openssl {

namespace {

constexpr std::size_t most_in_a_file = 1000;

// A key behind a password has nobody here who knows it, and no terminal is asked.
int no_password(char*, int, int, void*) { return -1; }

std::vector<Certificate> certificates_in(std::string_view pem)
{
    std::vector<Certificate> result;
    const Bio source = memory_of(pem);
    while (result.size() < most_in_a_file) {
        Certificate next(PEM_read_bio_X509(source.get(), nullptr, no_password, nullptr));
        if (!next) break;
        result.push_back(std::move(next));
    }
    ERR_clear_error();   // the end of the text is one
    return result;
}

std::vector<Key> keys_in(std::string_view pem)
{
    std::vector<Key> result;
    const Bio source = memory_of(pem);
    while (result.size() < most_in_a_file) {
        Key next(PEM_read_bio_PrivateKey(source.get(), nullptr, no_password, nullptr));
        if (!next) break;
        result.push_back(std::move(next));
    }
    ERR_clear_error();
    return result;
}

void release_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }   // not what is in it
using Stack = Owned<STACK_OF(X509), release_stack>;

Stack stack_of(const std::vector<Certificate>& chain)
{
    Stack stack(sk_X509_new_null());
    for (const auto& certificate : chain)
        if (stack) sk_X509_push(stack.get(), certificate.get());
    return stack;
}

}

Result<std::vector<Credential>> read_credentials(std::string_view pem)
{
    auto keys = keys_in(pem);
    auto certificates = certificates_in(pem);
    if (keys.empty()) return permanent("no private key in it that can be read");
    if (certificates.empty()) return permanent("no certificate in it");
    std::vector<Credential> result;
    for (auto& certificate : certificates) {
        const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& candidate) {
            return candidate && X509_check_private_key(certificate.get(), candidate.get()) == 1;
        });
        if (key != keys.end())
            result.push_back({std::move(certificate), std::move(*key), {}});
        else if (!result.empty())
            result.back().chain.push_back(std::move(certificate));
    }
    ERR_clear_error();   // of keys that did not fit
    if (result.size() != keys.size())
        return permanent("a key in it belongs to no certificate in it");
    return result;
}

bool use(SSL* ssl, const Credential& credential)
{
    const auto chain = stack_of(credential.chain);
    return SSL_use_cert_and_key(ssl, credential.certificate.get(), credential.key.get(),
                                chain.get(), 1) == 1;
}

bool use(SSL_CTX* context, const Credential& credential)
{
    const auto chain = stack_of(credential.chain);
    return SSL_CTX_use_cert_and_key(context, credential.certificate.get(), credential.key.get(),
                                    chain.get(), 1) == 1;
}

Result<> trust(SSL_CTX* context, std::string_view pem)
{
    X509_STORE* const store = SSL_CTX_get_cert_store(context);
    const auto authorities = certificates_in(pem);
    if (authorities.empty()) return permanent("no certificate in it");
    for (const auto& authority : authorities) {
        X509_STORE_add_cert(store, authority.get());
        SSL_CTX_add_client_CA(context, authority.get());
    }
    const Bio source = memory_of(pem);
    bool any = false;
    for (;;) {
        const Owned<X509_CRL, X509_CRL_free> revoked(
            PEM_read_bio_X509_CRL(source.get(), nullptr, no_password, nullptr));
        if (!revoked) break;
        any = X509_STORE_add_crl(store, revoked.get()) == 1 || any;
    }
    if (any) X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    ERR_clear_error();
    return {};
}

}
