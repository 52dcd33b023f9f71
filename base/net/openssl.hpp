// OpenSSL's objects with owners. For the .cpp files of base_tls and the TLS peers of tests alone.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace grapnel::net::openssl {

template <auto release>
struct Releaser {
    template <class T>
    void operator()(T* what) const
    {
        release(what);
    }
};
template <class T, auto release>
using Owned = std::unique_ptr<T, Releaser<release>>;

using Bio = Owned<BIO, BIO_free_all>;
using Context = Owned<SSL_CTX, SSL_CTX_free>;
using Connection = Owned<SSL, SSL_free>;
using Certificate = Owned<X509, X509_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;

// The oldest error in words, "unknown" where there is none; all are taken off the queue.
std::string take_errors();

// To read from; bytes must stay.
Bio memory_of(std::string_view bytes);

}
