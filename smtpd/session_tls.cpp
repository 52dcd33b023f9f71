// STARTTLS and TLS from the first octet (RFC 3207, 8314): the handshake, and what it changes.
#include "smtpd/session.hpp"

#include "base/net/tls_layer.hpp"
#include "smtpd/log.hpp"

#include <algorithm>
#include <chrono>

namespace grapnel::smtpd {

using namespace std::chrono_literals;
using net::asio::awaitable;

namespace {

constexpr net::SteadyClock::duration handshake_limit = 60s;

bool is_set(const std::optional<std::string>& switch_of_peer)
{
    return switch_of_peer && *switch_of_peer != "0";
}

// A certificate proves nothing that no authority of ours stands for; a fingerprint names the key.
bool is_listed(const Config& config, const net::ClientCertificate& certificate)
{
    const auto& listed = config.tls_clients;
    if (listed.contains("sha256:" + certificate.fingerprint)) return true;
    return certificate.verified &&
           std::any_of(certificate.names.begin(), certificate.names.end(),
                       [&](const std::string& name) { return listed.contains(name); });
}

}

bool Session::can_start_tls() const
{
    return around_.tls && around_.tls->is_ready() && !is_in_tls() && !classic() &&
           !is_set(around_.peer.disable_tls) && extensions_.has(Extension::starttls);
}

bool Session::must_start_tls() const { return is_set(around_.peer.force_tls) && !is_in_tls(); }

Answer Session::starttls(std::string_view argument)
{
    if (!argument.empty()) return Answer(501, "5.5.4", "STARTTLS takes no argument (#5.5.4)");
    if (is_in_tls()) return Answer(503, "5.5.1", "this is TLS already (#5.5.1)");
    const bool off =
        classic() || is_set(around_.peer.disable_tls) || !extensions_.has(Extension::starttls);
    if (off) return obsolete(argument);
    if (step_ == Step::connected) return Answer(503, "5.5.1", "EHLO first (#5.5.1)");
    if (step_ > Step::greeted) return Answer(503, "5.5.1", "not within a message (#5.5.1)");
    if (!can_start_tls()) return Answer(454, "4.7.0", "no TLS here just now (#4.7.0)");
    // Whoever put that there wanted it to count as said within TLS (CVE-2011-0411).
    if (!stream_.buffered().empty() || stream_.input_waiting()) {
        why_closed_ = "input behind STARTTLS";
        return Answer(503, "5.5.1", "nothing may follow STARTTLS (#5.5.1)")
            .because("input behind STARTTLS")
            .and_hang_up();
    }
    tls_is_next_ = true;
    return Answer(220, "2.0.0", "go ahead");
}

// False: it is over. Nothing is said in the clear any more, whatever happens.
awaitable<bool> Session::secure()
{
    co_await flush();
    tls_is_next_ = false;
    silent_ = true;
    auto layer = around_.tls ? around_.tls->accept() : nullptr;
    if (!layer) {
        why_closed_ = "no certificate";
        closing_ = true;
        co_return false;
    }
    wait_until(SteadyClock::now() + std::min(handshake_limit, allowance_.timeout()));
    closing_ = true;   // with a word of TLS's own, where it fails
    co_await stream_.start_tls(std::move(layer));
    silent_ = closing_ = false;
    forget_client();
    const auto& facts = stream_.tls()->facts();
    if (facts.client && is_listed(config(), *facts.client)) around_.peer.admitted = true;
    log::secured(around_.name, around_.peer, facts);
    co_return true;
}

// RFC 3207 4.2: what he said before, anybody may have said.
void Session::forget_client()
{
    forget_transaction();
    step_ = Step::connected;
    extended_ = just_greeted_ = false;
    auth_ = {};
    around_.peer.admitted = false;
    around_.peer.user.clear();
    helo_ = classic() ? around_.peer.host : "";
    reader_ = CommandReader(lax_[Lax::barelfcmd]);
    output_.clear();
    look_at_circumstances();
}

}
