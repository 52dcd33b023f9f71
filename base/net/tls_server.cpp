#include "base/net/tls_server.hpp"

#include "base/net/openssl_context.hpp"
#include "base/net/openssl_credentials.hpp"
#include "base/net/openssl_layer.hpp"
#include "base/net/openssl_tickets.hpp"
#include "base/sys/secret.hpp"
#include "base/text.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <map>
#include <new>
#include <optional>
#include <stdexcept>

namespace grapnel::net {

namespace {

using Credentials = Result<std::vector<openssl::Credential>>;

constexpr long ticket_life = 2 * 3600;

struct Named {
    std::string pem;   // until it is wanted
    std::optional<Credentials> credentials = {};
};

}

struct TlsServer::State {
    openssl::Context context;
    std::map<std::string, Named, std::less<>> named;
    openssl::TicketKeys tickets;

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State()
    {
        for (auto& [name, entry] : named) wipe(entry.pem);
    }

    // Read when somebody first asks for it: a start with a thousand names costs no more than one.
    static const Credentials& credentials_of(Named& entry)
    {
        if (!entry.credentials) {
            entry.credentials.emplace(openssl::read_credentials(entry.pem));
            wipe(entry.pem);
        }
        return *entry.credentials;
    }

    Named* find(std::string_view name)
    {
        auto found = named.find(name);
        const auto dot = name.find('.');
        if (found == named.end() && dot != std::string_view::npos)
            found = named.find('*' + std::string(name.substr(dot)));
        return found == named.end() ? nullptr : &found->second;
    }

    Result<> show(TlsMaterial& material);
    Result<> ask_clients(const std::string& authorities);
    void give_tickets(std::string keys);

    static State& of(SSL* ssl) { return *static_cast<State*>(SSL_get_app_data(ssl)); }
};

namespace {

// "smtp" is what ALPN calls us; who asks for something else only is served all the same.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                    unsigned in_size, void*)
{
    static constexpr std::array<unsigned char, 5> smtp{4, 's', 'm', 't', 'p'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, size, smtp.data(), smtp.size(), in, in_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

int take_name(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

// A client whose certificate proves nothing is as good as one without.
int go_on(int, X509_STORE_CTX*) { return 1; }

// Tickets of other authorities' days tell nothing of today's clients.
void name_sessions(SSL_CTX* context, std::string_view authorities)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(authorities.data(), authorities.size(), digest.data(), &size, EVP_sha256(), nullptr);
    SSL_CTX_set_session_id_context(context, digest.data(),
                                   std::min<unsigned>(size, SSL_MAX_SID_CTX_LENGTH));
}

void set_manners(SSL_CTX* context)
{
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_dh_auto(context, 1);
    SSL_CTX_set_timeout(context, ticket_life);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    SSL_CTX_set_tlsext_servername_callback(context, take_name);
}

}

TlsMaterial::~TlsMaterial()
{
    wipe(standard);
    wipe(ticket_keys);
    for (auto& [name, pem] : named) wipe(pem);
}

std::string make_ticket_key()
{
    std::string key(ticket_key_size, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), ticket_key_size) != 1)
        throw std::runtime_error("unable to make a key for session tickets");
    return key;
}

void prepare_tls()
{
    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);
    make_ticket_key();   // the source of randomness, too
}

TlsServer::TlsServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
TlsServer::~TlsServer() = default;

// The standard certificate, and others by name.
Result<> TlsServer::State::show(TlsMaterial& material)
{
    auto credentials = openssl::read_credentials(material.standard);
    if (!credentials) return credentials.error();
    for (const auto& credential : *credentials)
        if (!openssl::use(context.get(), credential)) return permanent(openssl::take_errors());
    for (auto& [name, pem] : material.named) named.try_emplace(lower(name), Named{std::move(pem)});
    SSL_CTX_set_cert_cb(
        context.get(),
        [](SSL* ssl, void*) {
            const char* const wanted = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
            Named* const entry = wanted ? State::of(ssl).find(lower(wanted)) : nullptr;
            if (!entry) return 1;
            const auto& found = State::credentials_of(*entry);
            if (!found) return 1;
            SSL_certs_clear(ssl);
            for (const auto& credential : *found)
                if (!openssl::use(ssl, credential)) return 0;
            return 1;
        },
        nullptr);
    return {};
}

Result<> TlsServer::State::ask_clients(const std::string& authorities)
{
    name_sessions(context.get(), authorities);
    if (authorities.empty()) return {};
    const auto trusted = openssl::trust(context.get(), authorities);
    if (!trusted) return permanent("authorities of clients: " + trusted.error().text);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, go_on);
    SSL_CTX_set_verify_depth(context.get(), openssl::deepest_chain);
    return {};
}

void TlsServer::State::give_tickets(std::string keys)
{
    if (keys.empty()) {
        SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
        SSL_CTX_set_num_tickets(context.get(), 0);
        return;
    }
    tickets.set(std::move(keys));
    SSL_CTX_set_num_tickets(context.get(), 1);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(
        context.get(), [](SSL* ssl, unsigned char* name, unsigned char* start,
                          EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int to_make) {
            return State::of(ssl).tickets.apply(name, start, cipher, mac, to_make == 1);
        });
}

Result<std::shared_ptr<TlsServer>> TlsServer::make(TlsMaterial material,
                                                   std::vector<std::string>* complaints)
{
    const auto state = std::make_shared<State>();
    state->context = openssl::make_context(TLS_server_method());
    set_manners(state->context.get());
    if (!openssl::set_ciphers(state->context.get(), material.ciphers) && complaints)
        complaints->push_back("no such ciphers: " + material.ciphers);
    if (const auto shown = state->show(material); !shown) return shown.error();
    if (const auto asked = state->ask_clients(material.client_authorities); !asked)
        return asked.error();
    state->give_tickets(std::move(material.ticket_keys));
    return std::shared_ptr<TlsServer>(new TlsServer(state));
}

std::unique_ptr<TlsLayer> TlsServer::accept() const
{
    openssl::Connection ssl(SSL_new(state_->context.get()));
    if (!ssl) throw std::bad_alloc();
    SSL_set_app_data(ssl.get(), state_.get());
    SSL_set_accept_state(ssl.get());
    return openssl::make_layer(std::move(ssl), state_);
}

std::vector<std::string> TlsServer::check() const
{
    std::vector<std::string> found;
    const openssl::Connection trial(SSL_new(state_->context.get()));
    for (auto& [name, entry] : state_->named) {
        const auto& credentials = State::credentials_of(entry);
        if (!credentials) {
            found.push_back(name + ": " + credentials.error().text);
            continue;
        }
        for (const auto& credential : *credentials)
            if (!openssl::use(trial.get(), credential))
                found.push_back(name + ": " + openssl::take_errors());
    }
    return found;
}

}
