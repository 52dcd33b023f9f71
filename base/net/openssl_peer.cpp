#include "base/net/openssl_peer.hpp"

#include "base/hexadecimal.hpp"
#include "base/text.hpp"

#include <openssl/obj_mac.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

namespace grapnel::net::openssl {

namespace {

constexpr std::size_t most_names = 100, longest_name = 1024;

std::string text_of(const X509_NAME* name)
{
    const Bio room(BIO_new(BIO_s_mem()));
    if (!room) return {};
    X509_NAME_print_ex(room.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(room.get(), &bytes);
    return {bytes, std::min(static_cast<std::size_t>(std::max(size, 0L)), longest_name)};
}

// A NUL in it, or what is not ASCII, is there to be misread: no name.
void add(std::vector<std::string>& names, const ASN1_STRING* text)
{
    if (!text || names.size() >= most_names) return;
    const auto* begin = ASN1_STRING_get0_data(text);
    const std::string name(begin, begin + std::max(ASN1_STRING_length(text), 0));
    const bool plain =
        std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127; });
    if (!name.empty() && plain && name.size() <= longest_name) names.push_back(lower(name));
}

void add_entries(std::vector<std::string>& names, X509_NAME* subject, int kind)
{
    for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, kind, at)) >= 0;)
        add(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

// Alternative names; the subject's mail addresses, as classic certificates have them; its common
// name where there is nothing else.
std::vector<std::string> names_of(X509* certificate)
{
    std::vector<std::string> names;
    const Owned<GENERAL_NAMES, GENERAL_NAMES_free> others(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(others.get()); ++i) {
        int kind = 0;
        const auto* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(others.get(), i), &kind);
        if (kind == GEN_EMAIL || kind == GEN_DNS)
            add(names, static_cast<const ASN1_STRING*>(value));
    }
    X509_NAME* const subject = X509_get_subject_name(certificate);
    add_entries(names, subject, NID_pkcs9_emailAddress);
    if (names.empty()) add_entries(names, subject, NID_commonName);
    return names;
}

std::string digest_of(const X509* certificate, const EVP_MD* kind)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> room{};
    unsigned size = 0;
    if (X509_digest(certificate, kind, room.data(), &size) != 1) return {};
    return {room.begin(), room.begin() + size};
}

ClientCertificate client_of(SSL* ssl, X509* certificate)
{
    ClientCertificate client{text_of(X509_get_issuer_name(certificate)),
                             text_of(X509_get_subject_name(certificate))};
    client.verified = SSL_get_verify_result(ssl) == X509_V_OK;
    client.names = names_of(certificate);
    client.fingerprint = hexadecimal(digest_of(certificate, EVP_sha256()));
    return client;
}

}

TlsFacts facts_of(SSL* ssl)
{
    TlsFacts facts;
    facts.version = SSL_get_version(ssl);
    const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl);
    const char* const name = cipher ? SSL_CIPHER_standard_name(cipher) : nullptr;
    facts.cipher = name ? name : "unknown";
    facts.cipher_bits = cipher ? static_cast<unsigned>(SSL_CIPHER_get_bits(cipher, nullptr)) : 0;
    facts.resumed = SSL_session_reused(ssl) == 1;
    if (const char* wanted = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
        facts.server_name = lower(wanted);
    if (SSL_is_server(ssl) == 0) return facts;
    if (X509* const certificate = SSL_get0_peer_certificate(ssl))
        facts.client = client_of(ssl, certificate);
    return facts;
}

std::optional<std::string> exporter_binding(SSL* ssl)
{
    constexpr std::string_view label = "EXPORTER-Channel-Binding";
    std::array<unsigned char, 32> room{};
    if (SSL_version(ssl) < TLS1_3_VERSION) return std::nullopt;   // RFC 9266 4.2
    if (SSL_export_keying_material(ssl, room.data(), room.size(), label.data(), label.size(),
                                   nullptr, 0, 1) != 1)
        return std::nullopt;
    return std::string(room.begin(), room.end());
}

// The hash of the certificate's own signature, SHA-256 for weaker ones.
std::optional<std::string> end_point_binding(SSL* ssl)
{
    const X509* const certificate =
        SSL_is_server(ssl) == 1 ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
    int hash = NID_undef;
    if (!certificate || X509_get_signature_info(const_cast<X509*>(certificate), &hash, nullptr,
                                                nullptr, nullptr) != 1)
        return std::nullopt;
    const EVP_MD* kind = EVP_get_digestbynid(hash);
    if (!kind || hash == NID_md5 || hash == NID_sha1) kind = EVP_sha256();
    auto digest = digest_of(certificate, kind);
    if (digest.empty()) return std::nullopt;
    return digest;
}

}
