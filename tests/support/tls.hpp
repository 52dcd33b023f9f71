// TLS, by OpenSSL and blocking: as a client, and for an SmtpScript; and certificates, made on the
// spot.
#pragma once

#include "base/sys/fd.hpp"
#include "support/ports.hpp"
#include "support/smtp_script.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::test {

struct Issued {
    std::string certificate, key;   // PEM
    std::string both() const { return key + certificate; }
};
// For a day; alternative: "DNS:a.example,email:joe@a.example". by: absent: signed by itself, and
// fit to sign others.
Issued make_certificate(const std::string& name, const std::string& alternative = {},
                        const Issued* by = nullptr, bool rsa = false);
std::string fingerprint_of(const Issued& issued);   // SHA-256, hexadecimal

// For an SmtpScript; clients are asked for a certificate, and may have none.
ScriptTlsMaker tls_side(Issued issued);

struct TlsOptions {
    std::string server_name = {};
    std::optional<Issued> certificate = {};
    int version = 0;   // TLS1_2_VERSION …; 0: the best
    std::shared_ptr<void> session = {};
};

class TlsClient {
public:
    // The handshake, at once; a socket that is connected, whatever was said in it before.
    explicit TlsClient(Fd socket, const TlsOptions& options = {});
    TlsClient(TlsClient&&) noexcept;
    ~TlsClient();

    bool good() const;                    // the handshake has succeeded
    const std::string& trouble() const;   // why not
    std::string version() const;
    std::string certificate_name() const;   // the common name of the server's
    bool resumed() const;
    std::shared_ptr<void> session() const;   // for another client, once something was read

    void send(std::string_view bytes);
    std::string reply();   // as SmtpClient's; "" at the end
    std::string command(std::string_view line);
    bool said_goodbye();   // reads to the end: it came by close_notify
    int descriptor() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// In the clear, until "220" to STARTTLS.
Fd after_starttls(Port port);
// One line of a reply, octet by octet, so that nothing behind it is taken.
std::string read_line(int socket);
std::string read_reply(int socket);

}
