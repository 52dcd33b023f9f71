#include "support/tls.hpp"

#include "base/hexadecimal.hpp"
#include "base/net/openssl.hpp"
#include "support/wait.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

namespace grapnel::test {

namespace {

using net::openssl::Bio;
using net::openssl::Certificate;
using net::openssl::Key;
using net::openssl::Owned;

std::string text_in(const Bio& bio)
{
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

Certificate certificate_of(const Issued& issued)
{
    const Bio bio(BIO_new_mem_buf(issued.certificate.data(), -1));
    return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

Key key_of(const Issued& issued)
{
    const Bio bio(BIO_new_mem_buf(issued.key.data(), -1));
    return Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

// A read with a time limit is not begun again by itself.
bool was_interrupted(SSL* ssl, int result)
{
    return result <= 0 && errno == EINTR && SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
        X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1)
        throw std::runtime_error("no such extension: " + value);
}

}

Issued make_certificate(const std::string& name, const std::string& alternative, const Issued* by,
                        bool rsa)
{
    const Key key(rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    long serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 4);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial + 1);
    X509_set_version(certificate.get(), 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
    X509_set_pubkey(certificate.get(), key.get());
    const Certificate authority = by ? certificate_of(*by) : nullptr;
    X509* const issuer = authority ? authority.get() : certificate.get();
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
    extend(certificate.get(), issuer, NID_basic_constraints, by ? "CA:FALSE" : "CA:TRUE");
    if (!alternative.empty()) extend(certificate.get(), issuer, NID_subject_alt_name, alternative);
    const Key signer = by ? key_of(*by) : nullptr;
    X509_sign(certificate.get(), signer ? signer.get() : key.get(), EVP_sha256());
    const Bio first(BIO_new(BIO_s_mem())), second(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(first.get(), certificate.get());
    PEM_write_bio_PrivateKey(second.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {text_in(first), text_in(second)};
}

std::string fingerprint_of(const Issued& issued)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    X509_digest(certificate_of(issued).get(), EVP_sha256(), digest.data(), &size);
    return hexadecimal({reinterpret_cast<const char*>(digest.data()), size});
}

namespace {

class ServerSide final : public ScriptTls {
public:
    ServerSide(int socket, const Issued& issued)
    {
        SSL_CTX* const context = context_.get();
        SSL_CTX_use_certificate(context, certificate_of(issued).get());
        SSL_CTX_use_PrivateKey(context, key_of(issued).get());
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
        ssl_.reset(SSL_new(context));
        SSL_set_fd(ssl_.get(), socket);
    }
    // 0 or less by then: the client has left.
    bool accept()
    {
        const bool good = SSL_accept(ssl_.get()) == 1;
        ERR_clear_error();
        return good;
    }

    bool waiting() override { return SSL_pending(ssl_.get()) > 0; }
    ssize_t receive(char* room, std::size_t size) override
    {
        const int got = SSL_read(ssl_.get(), room, static_cast<int>(size));
        ERR_clear_error();
        return got;
    }
    void send(std::string_view bytes) override
    {
        if (bytes.empty()) return;
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        ERR_clear_error();
    }
    std::string client() const override
    {
        X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
        std::array<char, 200> name{};
        if (certificate)
            X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                      name.data(), name.size());
        return name.data();
    }

private:
    Owned<SSL_CTX, SSL_CTX_free> context_{SSL_CTX_new(TLS_server_method())};
    Owned<SSL, SSL_free> ssl_;
};

}

ScriptTlsMaker tls_side(Issued issued)
{
    ::signal(SIGPIPE, SIG_IGN);
    return [issued = std::move(issued)](int socket) -> std::unique_ptr<ScriptTls> {
        auto side = std::make_unique<ServerSide>(socket, issued);
        if (!side->accept()) return nullptr;
        return side;
    };
}

struct TlsClient::State {
    Fd socket;
    Owned<SSL_CTX, SSL_CTX_free> context{SSL_CTX_new(TLS_client_method())};
    Owned<SSL, SSL_free> ssl;
    std::string buffer, trouble;
    bool good = false, goodbye = false;

    bool read_more()
    {
        std::array<char, 20000> room{};
        int got = 0;
        do got = SSL_read(ssl.get(), room.data(), room.size());
        while (was_interrupted(ssl.get(), got));
        if (got > 0) buffer.append(room.data(), static_cast<std::size_t>(got));
        if (got <= 0) goodbye = SSL_get_error(ssl.get(), got) == SSL_ERROR_ZERO_RETURN;
        return got > 0;
    }
};

TlsClient::TlsClient(Fd socket, const TlsOptions& options) : state_(std::make_unique<State>())
{
    ::signal(SIGPIPE, SIG_IGN);
    state_->socket = std::move(socket);
    const timeval limit{patience.count() / 1000, 0};
    ::setsockopt(state_->socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    SSL_CTX* const context = state_->context.get();
    if (options.version != 0) {
        SSL_CTX_set_min_proto_version(context, options.version);
        SSL_CTX_set_max_proto_version(context, options.version);
        SSL_CTX_set_security_level(context, 0);
    }
    if (options.certificate) {
        SSL_CTX_use_certificate(context, certificate_of(*options.certificate).get());
        SSL_CTX_use_PrivateKey(context, key_of(*options.certificate).get());
    }
    state_->ssl.reset(SSL_new(context));
    SSL* const ssl = state_->ssl.get();
    if (!options.server_name.empty()) SSL_set_tlsext_host_name(ssl, options.server_name.c_str());
    if (options.session) SSL_set_session(ssl, static_cast<SSL_SESSION*>(options.session.get()));
    SSL_set_fd(ssl, state_->socket.get());
    int result = 0;
    do result = SSL_connect(ssl);
    while (was_interrupted(ssl, result));
    state_->good = result == 1;
    if (!state_->good) {
        const int number = errno;
        const auto code = ERR_peek_error();
        const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
        state_->trouble = "error " + std::to_string(SSL_get_error(ssl, result)) + ", errno " +
                          std::to_string(number) + ", " + (reason ? reason : "no reason");
    }
    ERR_clear_error();
}

TlsClient::TlsClient(TlsClient&&) noexcept = default;
// Without a goodbye OpenSSL would not resume the session (SSL_shutdown(3)).
TlsClient::~TlsClient()
{
    if (state_ && state_->good) SSL_shutdown(state_->ssl.get());
}

bool TlsClient::good() const { return state_->good; }
const std::string& TlsClient::trouble() const { return state_->trouble; }
std::string TlsClient::version() const { return SSL_get_version(state_->ssl.get()); }
bool TlsClient::resumed() const { return SSL_session_reused(state_->ssl.get()) == 1; }
int TlsClient::descriptor() const { return state_->socket.get(); }

std::string TlsClient::certificate_name() const
{
    X509* const certificate = SSL_get0_peer_certificate(state_->ssl.get());
    std::array<char, 200> name{};
    if (certificate)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                                  name.size());
    return name.data();
}

std::shared_ptr<void> TlsClient::session() const
{
    return {SSL_get1_session(state_->ssl.get()),
            [](void* session) { SSL_SESSION_free(static_cast<SSL_SESSION*>(session)); }};
}

void TlsClient::send(std::string_view bytes)
{
    SSL_write(state_->ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
    ERR_clear_error();
}

std::string TlsClient::reply()
{
    for (std::string reply;;) {
        const auto end = state_->buffer.find("\r\n");
        if (end == std::string::npos) {
            if (!state_->read_more()) return reply;
            continue;
        }
        const auto line = state_->buffer.substr(0, end);
        state_->buffer.erase(0, end + 2);
        reply += (reply.empty() ? "" : "\r\n") + line;
        if (line.size() < 4 || line[3] != '-') return reply;
    }
}

std::string TlsClient::command(std::string_view line)
{
    send(std::string(line) + "\r\n");
    return reply();
}

bool TlsClient::said_goodbye()
{
    while (state_->read_more()) {}
    return state_->goodbye;
}

std::string read_line(int socket)
{
    std::string line;
    for (char byte = 0; readable(socket, patience) && ::read(socket, &byte, 1) == 1;) {
        line += byte;
        if (byte == '\n') break;
    }
    return line;
}

std::string read_reply(int socket)
{
    for (std::string reply;;) {
        const auto line = read_line(socket);
        reply += line;
        if (line.size() < 4 || line[3] != '-') return reply;
    }
}

Fd after_starttls(Port port)
{
    Fd socket = connect_to(port, patience);
    read_reply(socket.get());
    for (const std::string_view line : {"EHLO client.example\r\n", "STARTTLS\r\n"}) {
        if (::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0) break;
        const auto reply = read_reply(socket.get());
        if (!reply.starts_with("2")) throw std::runtime_error("no TLS: " + reply);
    }
    return socket;
}

}
