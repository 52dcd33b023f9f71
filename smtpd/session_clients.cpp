// XCLIENT and XFORWARD: a host that is trusted speaks for another client.
#include "smtpd/session.hpp"

#include "smtpd/behind_proxy.hpp"
#include "smtpd/client_facts.hpp"
#include "smtpd/log.hpp"

namespace grapnel::smtpd {

namespace {

Answer not_trusted() { return Answer(550, "5.7.0", "you are not trusted with that (#5.7.0)"); }
constexpr const char* logged_in_elsewhere = "XCLIENT";   // instead of a mechanism
Answer bad_attribute() { return Answer(501, "5.5.4", "bad attribute (#5.5.4)"); }

}

// From now on the session is that client's: rules are asked about him, and it begins anew.
Answer Session::xclient(std::string_view argument)
{
    if (!may_xclient_) return classic() ? obsolete(argument) : not_trusted();
    if (step_ > Step::greeted) return Answer(503, "5.5.1", "not within a message (#5.5.1)");
    const auto facts = parse_client_facts(argument, FactsOf::xclient);
    if (!facts) return bad_attribute();
    const bool other = facts->address.has_value() || facts->name.has_value();
    if (other || auth_.method != logged_in_elsewhere) forget_login();   // that was somebody else
    if (!become_client(*facts))
        return Answer(554, "5.7.1", "no mail is taken from that client (#5.7.1)").and_hang_up();
    step_ = Step::connected;
    forget_transaction();
    connection_ = {};
    helo_ = facts->helo.value_or(classic() ? around_.peer.host : "");
    extended_ = facts->extended.value_or(false);
    log::connected(around_.name, around_.peer);
    if (auth_.done()) log::authenticated(around_.name, around_.peer);
    if (auto refusal = policy_.bad_client()) {
        barred_ = true;
        return *refusal;
    }
    ask_at(hooks::Stage::connect);
    return Answer(220, "", config().greeting + (is_lmtp() ? " LMTP" : " ESMTP"));
}

// False: the rules deny him.
bool Session::become_client(const ClientFacts& facts)
{
    auto& peer = around_.peer;
    net::Endpoint client{peer.address.value_or(net::IpAddress()), peer.port}, here = peer.here;
    const bool other = facts.address.has_value() || facts.name.has_value();
    auto host = peer.host == "unknown" ? std::nullopt : std::optional(peer.host);
    if (facts.address) {
        client = {*facts.address, 0};
        host.reset();
    }
    if (facts.name) host = facts.name->empty() ? std::nullopt : facts.name;
    if (facts.port) client.port = *facts.port;
    if (facts.here) here.address = *facts.here;
    if (facts.here_port) here.port = *facts.here_port;
    if (other) {
        auto found = around_.client ? around_.client(client, here, host)
                                    : std::optional(other_client(peer, client, here, host));
        if (!found) return false;
        peer = std::move(*found);
        if (client.address.is_unspecified()) {
            peer.address.reset();
            peer.ip = "unknown";
        }
    }
    peer.port = client.port;
    peer.here = here;
    if (facts.login) {   // who speaks for him has let him log in
        forget_login();
        if (!facts.login->empty()) become_user(*facts.login, logged_in_elsewhere);
    }
    read_settings();
    return true;
}

// For the log and for scanners, till the end of this transaction.
Answer Session::xforward(std::string_view argument)
{
    if (!may_xforward_) return classic() ? obsolete(argument) : not_trusted();
    if (step_ > Step::greeted) return Answer(503, "5.5.1", "not within a message (#5.5.1)");
    const auto facts = parse_client_facts(argument, FactsOf::xforward);
    if (!facts) return bad_attribute();
    if (!forwarded_) forwarded_ = std::make_unique<ClientFacts>();
    const auto update = [](auto& field, const auto& news) {
        if (news) field = news;
    };
    update(forwarded_->address, facts->address);
    update(forwarded_->port, facts->port);
    update(forwarded_->name, facts->name);
    update(forwarded_->helo, facts->helo);
    update(forwarded_->ident, facts->ident);
    update(forwarded_->source, facts->source);
    log::forwarded(around_.name, around_.peer, *forwarded_);
    return Answer(250, "2.0.0", "ok");
}

}
