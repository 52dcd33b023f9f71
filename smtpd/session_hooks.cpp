// What scanners are asked before a client hears a yes of ours, and what becomes of it. Never what
// we refuse ourselves (mta-hooks C4).
#include "smtpd/session.hpp"

#include "base/net/attended.hpp"
#include "base/sys/clock.hpp"
#include "queue/async_submission.hpp"
#include "smtpd/client_facts.hpp"
#include "smtpd/log.hpp"

#include <chrono>
#include <system_error>

namespace grapnel::smtpd {

using namespace std::chrono_literals;
using hooks::Stage;
using net::asio::awaitable;

namespace {

awaitable<void> decide(hooks::Client& client, hooks::Facts facts, int message,
                       hooks::AddPolicy may_add, std::optional<hooks::Decision>& decision)
{
    auto answer = co_await client.ask(std::move(facts), message, std::move(may_add));
    decision = std::move(answer);
}

hooks::TlsFacts tls_facts(const net::TlsFacts& tls)
{
    hooks::TlsFacts facts{tls.version, tls.cipher, tls.cipher_bits};
    if (tls.client) {
        facts.cert_issuer = tls.client->issuer;
        facts.cert_subject = tls.client->subject;
    }
    return facts;
}

// XFORWARD: scanners are shown the client behind the one who speaks.
void overlay(hooks::ClientFacts& shown, const ClientFacts& told)
{
    if (told.address && !told.address->is_unspecified()) {
        shown.ip = told.address->text();
        shown.ptr.reset();
        shown.port = 0;
    }
    if (told.port) shown.port = *told.port;
    if (told.name && !told.name->empty()) shown.ptr = *told.name;
    if (told.helo && !told.helo->empty()) shown.ehlo = *told.helo;
}

}

bool Session::is_hooked(Stage stage) const { return around_.hooks && config().hooks.wants(stage); }

// What is dropped anyway is nobody's business any more.
void Session::ask_at(Stage stage)
{
    if (is_hooked(stage) && ruling_at(stage).fate != Fate::dropped) asks_ = stage;
}

Ruling& Session::ruling_at(Stage stage) { return stage < Stage::mail ? connection_ : message_; }

hooks::Facts Session::facts(Stage stage, const Answer& ours)
{
    const auto& peer = around_.peer;
    hooks::Facts facts;
    facts.stage = stage;
    facts.action = ruling_at(stage).action();
    facts.timestamp = unix_milliseconds();
    facts.response = response_of(ours);
    if (stage >= Stage::mail) {
        facts.envelope = shown_;
        facts.queue.emplace().id = id_;
    }
    facts.server = {config().me, peer.here.address.text(), peer.here.port};
    if (peer.address) {
        auto& client = facts.client.emplace();
        client.ip = peer.address->text();
        client.port = peer.port;
        if (peer.host != "unknown") client.ptr = peer.host;
        if (stage != Stage::connect) client.ehlo = helo_;
        if (around_.connections) client.active_connections = around_.connections();
        if (forwarded_) overlay(client, *forwarded_);
    }
    facts.smtputf8 = utf8_;
    if (is_in_tls()) facts.tls = tls_facts(stream_.tls()->facts());
    if (auth_.done()) facts.auth = hooks::AuthFacts{auth_.user, auth_.method};
    facts.may_relay = peer.may_relay();
    facts.message_limit = databytes_;
    facts.recipient_limit = most_recipients();
    return facts;
}

// As RCPT of this client would be answered.
hooks::MayAdd Session::may_add(std::string_view address) const
{
    Path path;
    if (parse_mailbox(address, recipient_rules(), path) != Fault::none) return hooks::MayAdd::no;
    const std::string local = policy_.localized(path);
    if (bad_sender_ && (classic() || !policy_.is_postmaster(local))) return hooks::MayAdd::no;
    try {
        const auto refusal = policy_.recipient(local);
        if (!refusal) return hooks::MayAdd::yes;
        return refusal->why == "rcpthosts" ? hooks::MayAdd::foreign : hooks::MayAdd::no;
    } catch (const std::system_error&) {
        return hooks::MayAdd::no;   // a table of ours is damaged
    }
}

// Replies of a group that has been kept waiting already do not wait for this one, too.
awaitable<hooks::Decision> Session::ask(Stage stage, const Answer& ours, int message)
{
    if (held_back_ > 1s) co_await flush();
    const auto begun = SteadyClock::now();
    auto what = facts(stage, ours);
    auto policy = [this](std::string_view address) { return may_add(address); };
    std::optional<hooks::Decision> decision;
    asking_ = true;
    auto work = decide(*around_.hooks, std::move(what), message, std::move(policy), decision);
    co_await net::attended(stream_, std::move(work));
    asking_ = false;
    held_back_ += SteadyClock::now() - begun;
    co_return std::move(*decision);
}

// EHLO, MAIL and RCPT: ours is the yes that was to be said.
awaitable<Answer> Session::consult(Answer ours)
{
    const auto stage = *std::exchange(asks_, std::nullopt);
    const auto decision = co_await ask(stage, ours);
    Answer answer = reply_by(decision, stage, std::move(ours));
    if (answer.positive() && !take_edits(stage, decision))
        answer =
            Answer(451, "4.3.0", "unable to do what a scanner wants (#4.3.0)").because("hooks");
    if (!answer.positive()) {
        const auto argument = stage == Stage::mail   ? shown_.from.address
                              : stage == Stage::rcpt ? shown_.to.back().address
                                                     : helo_;
        note_refusal(name(stage), argument, answer);
        if (answer.hang_up) why_closed_ = answer.why;
        undo(stage);
    } else if (stage == Stage::rcpt && decision.action == hooks::Action::discard) {
        drop_last_recipient();
    } else {
        ruling_at(stage).take(decision);
    }
    co_return answer;
}

void Session::undo(Stage stage)
{
    if (stage == Stage::connect) {
        barred_ = true;
    } else if (stage == Stage::ehlo) {
        step_ = Step::connected;
        helo_ = classic() ? around_.peer.host : "";
    } else if (stage == Stage::mail) {
        forget_transaction();
    } else if (stage == Stage::rcpt) {
        recipients_.pop_back();
        shown_.to.pop_back();
        --accepted_;
        if (recipients_.empty() && dropped_ == 0) step_ = Step::sender_given;
    }
}

}
