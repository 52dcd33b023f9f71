#include "base/net/tls_client.hpp"

#include "base/net/ip_address.hpp"
#include "base/net/openssl_context.hpp"
#include "base/net/openssl_credentials.hpp"
#include "base/net/openssl_layer.hpp"
#include "base/sys/secret.hpp"

#include <openssl/x509v3.h>

#include <new>
#include <utility>

namespace grapnel::net {

struct TlsClient::State {
    openssl::Context context;
    bool verified = false;
};

namespace {

void show(SSL_CTX* context, const std::string& pem)
{
    if (pem.empty()) return;
    const auto credentials = openssl::read_credentials(pem);
    if (credentials)
        for (const auto& credential : *credentials) openssl::use(context, credential);
    ERR_clear_error();
}

// The system's: a directory, of which only what is wanted is read.
Result<> believe(SSL_CTX* context, const std::string& authorities)
{
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_verify_depth(context, openssl::deepest_chain);
    if (!authorities.empty()) return openssl::trust(context, authorities);
    SSL_CTX_set_default_verify_dir(context);
    return {};
}

// RFC 6125: a wildcard is a whole label.
bool expect(SSL* ssl, const std::string& host, bool is_address)
{
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1;
    return !host.empty() && X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size()) == 1;
}

}

TlsClientSettings::~TlsClientSettings() { wipe(own); }

TlsClient::TlsClient(std::shared_ptr<State> state) : state_(std::move(state)) {}
TlsClient::~TlsClient() = default;

Result<std::shared_ptr<TlsClient>> TlsClient::make(TlsClientSettings settings)
{
    const auto state = std::make_shared<State>();
    state->context = openssl::make_context(TLS_client_method());
    state->verified = settings.verified;
    SSL_CTX* const context = state->context.get();
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    if (settings.verified)
        if (const auto believed = believe(context, settings.authorities); !believed)
            return believed.error();
    openssl::set_ciphers(context, settings.ciphers);
    show(context, settings.own);
    return std::shared_ptr<TlsClient>(new TlsClient(state));
}

std::unique_ptr<TlsLayer> TlsClient::connect(const std::string& host) const
{
    openssl::Connection ssl(SSL_new(state_->context.get()));
    if (!ssl) throw std::bad_alloc();
    SSL_set_connect_state(ssl.get());
    const bool is_address = IpAddress::parse(host).has_value();
    if (!is_address && !host.empty()) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    if (state_->verified && !expect(ssl.get(), host, is_address))
        throw TlsFailed("no certificate can be for such a name");
    return openssl::make_layer(std::move(ssl), state_);
}

}
