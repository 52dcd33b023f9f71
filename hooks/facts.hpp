// What we know at a stage: all that a scanner may be told, and what its edits are measured by.
// Values, filled by smtpd, send and inject. Knows neither JSON nor sockets.
#pragma once

#include "hooks/stage.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace grapnel::hooks {

// An SMTP reply in the protocol's three parts. message: one line, without codes.
struct Response {
    int code = 0;
    std::optional<std::string> enhanced = {};   // "5.7.1"
    std::string message = {};
    bool operator==(const Response&) const = default;
};

// ESMTP parameters: keywords in upper case, values as received (xtext stays xtext), "" for none.
using EsmtpParameters = std::vector<std::pair<std::string, std::string>>;

enum class DeliveryStatus : std::uint8_t { pending, delivered, deferred, failed, failed_silent };
std::string_view name(DeliveryStatus status);
std::optional<DeliveryStatus> delivery_status_named(std::string_view name);

// Outbound only. Times are unix seconds.
struct DeliveryFacts {
    DeliveryStatus status = DeliveryStatus::pending;
    std::uint64_t attempt = 0;
    std::optional<Response> last_response = {};
    std::optional<std::int64_t> next_attempt_at = {}, next_dsn_at = {};
    std::optional<std::string> queue_name = {};   // "local" or "remote"
    bool operator==(const DeliveryFacts&) const = default;
};

// Addresses are as in SMTP, without angle brackets or a source route: a local part that needs
// quotes has them. So they are in decisions, too.
struct Sender {
    std::string address = {};   // "": the null reverse-path
    EsmtpParameters parameters = {};
    bool operator==(const Sender&) const = default;
};
struct Recipient {
    std::string address = {};
    EsmtpParameters parameters = {};
    std::optional<DeliveryFacts> delivery = {};
    bool operator==(const Recipient&) const = default;
};
struct EnvelopeFacts {
    Sender from;
    std::vector<Recipient> to;   // at rcpt: those accepted, then the one under decision
    bool operator==(const EnvelopeFacts&) const = default;
};

struct ServerFacts {
    std::string name, ip;
    std::uint16_t port = 0;
    bool operator==(const ServerFacts&) const = default;
};
struct ClientFacts {
    std::string ip = {};
    std::uint16_t port = 0;
    std::optional<std::string> ptr = {};
    std::string ehlo = {};   // "" before there was one
    std::optional<std::uint64_t> active_connections = {};
    bool operator==(const ClientFacts&) const = default;
};
struct TlsFacts {
    std::string version, cipher;
    std::uint64_t cipher_bits = 0;
    std::optional<std::string> cert_issuer = {}, cert_subject = {};   // of the client's
    bool operator==(const TlsFacts&) const = default;
};
struct AuthFacts {
    std::string login, method;
    bool operator==(const AuthFacts&) const = default;
};
// Results in the words of RFC 8601; what was not evaluated is absent.
struct SenderAuthFacts {
    std::optional<std::string> spf_ehlo = {}, spf_mail = {}, dkim = {}, arc = {}, dmarc = {};
    bool operator==(const SenderAuthFacts&) const = default;
};

struct QueueFacts {
    std::string id = {};
    std::optional<std::int64_t> expires_at = {};   // outbound: end of the retry period
    std::uint64_t attempts = 0;                    // outbound: total for the message
    bool operator==(const QueueFacts&) const = default;
};

// The message itself goes beside them, as a descriptor.
struct Facts {
    Stage stage = Stage::connect;
    Action action = Action::accept;          // what will be done if nobody objects
    std::int64_t timestamp = 0;              // unix milliseconds: when the stage began
    std::optional<Response> response = {};   // inbound: the reply we would give
    std::optional<EnvelopeFacts> envelope = {};
    std::optional<QueueFacts> queue = {};
    ServerFacts server = {};
    std::optional<ClientFacts> client = {};
    std::optional<TlsFacts> tls = {};
    std::optional<AuthFacts> auth = {};
    std::optional<SenderAuthFacts> sender_auth = {};

    // Not for scanners: what bounds their edits.
    bool smtputf8 = false;
    bool may_relay = false;              // this client may send anywhere
    std::uint64_t message_limit = 0;     // octets that we accept over SMTP; 0: none
    std::uint64_t recipient_limit = 0;   // of one message; 0: none
    bool operator==(const Facts&) const = default;
};

// The message at this stage is octets behind its header: BODY=BINARYMIME (RFC 3030).
bool is_binary(const Facts& facts);

}
