// TLS between a Stream and its descriptors, as the Stream sees it: it never waits, it says what it
// needs. Made by TlsServer (base_tls); programs that do without do not link OpenSSL.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <sys/types.h>

namespace grapnel::net {

// A peer who breaks the protocol, or with whom there is none in common: the connection is over.
struct TlsFailed : std::system_error {
    explicit TlsFailed(const std::string& reason)
        : std::system_error(EPROTO, std::generic_category(), "TLS: " + reason), why(reason)
    {
    }
    std::string why;   // in words
};

struct ClientCertificate {
    std::string issuer, subject;           // RFC 2253
    bool verified = false;                 // it leads to an authority we named, and is valid now
    std::vector<std::string> names = {};   // mail addresses and hosts in it, in lower case
    std::string fingerprint = {};          // SHA-256, hexadecimal
};

struct TlsFacts {
    std::string version;            // "TLSv1.3"
    std::string cipher;             // as IANA names it
    unsigned cipher_bits = 0;       // of its key
    std::string server_name = {};   // that the client asked for
    bool resumed = false;
    std::optional<ClientCertificate> client = {};
};

// The descriptors below: as recv(2) and send(2), never waiting; -1 and errno.
class RawOctets {
public:
    virtual ssize_t take(char* room, std::size_t size) = 0;
    virtual ssize_t put(const char* bytes, std::size_t size) = 0;

protected:
    ~RawOctets() = default;
};

class TlsLayer {
public:
    enum class Need { nothing, input, output, end };   // end: the peer has said goodbye, or is gone
    struct Step {
        std::size_t size = 0;
        Need need = Need::nothing;
    };

    virtual ~TlsLayer() = default;

    virtual void begin(RawOctets& below) = 0;   // below must outlive it
    // Each throws TlsFailed, or system_error of what is below.
    virtual Step shake_hands() = 0;
    virtual Step read(char* room, std::size_t size) = 0;
    virtual Step write(std::string_view bytes) = 0;   // what went; the same bytes again otherwise
    virtual bool input_waiting() = 0;                 // what a read would give is here

    // close_notify, if it goes at once. Throws nothing.
    virtual void say_goodbye() = 0;

    // After the handshake.
    virtual const TlsFacts& facts() const = 0;
    // "tls-exporter" (RFC 9266), "tls-server-end-point" (RFC 5929); nullopt: there is no such here.
    virtual std::optional<std::string> channel_binding(std::string_view type) const = 0;
};

}
