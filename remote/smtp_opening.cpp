#include "remote/smtp_opening.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel::remote {

namespace {

std::string upper(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return result;
}

}

SmtpOpening::SmtpOpening(std::shared_ptr<const Errand> errand)
    : errand_(std::move(errand)), step_(errand_->tls_at_once ? Step::handshake : Step::greeting)
{
}

SmtpOpening::State SmtpOpening::state() const
{
    switch (step_) {
    case Step::greeting:
        return State::greeting;
    case Step::handshake:
        return State::handshake;
    case Step::done:
        return State::done;
    case Step::failed:
        return State::failed;
    case Step::ehlo:
    case Step::helo:
    case Step::starttls:
    case Step::login:
        break;
    }
    return State::command;
}

void SmtpOpening::take(const Reply& reply, std::string_view raw)
{
    raw_ = raw;
    switch (step_) {
    case Step::greeting:
        return take_greeting(reply);
    case Step::ehlo:
    case Step::helo:
        return take_hello(reply);
    case Step::starttls:
        return take_starttls(reply);
    case Step::login:
        return go_on_with_login(&reply);
    case Step::handshake:
    case Step::done:
    case Step::failed:
        return;
    }
}

void SmtpOpening::fail(Outcome outcome, bool next_host)
{
    outcome_ = std::move(outcome);
    next_host_ = next_host;
    step_ = Step::failed;
}

std::string SmtpOpening::connected() const { return "Connected to " + errand_->peer + " but "; }

void SmtpOpening::refused_by_host(const Reply& reply, std::string_view words)
{
    fail(refused(reply, raw_, connected() + std::string(words)));
}

void SmtpOpening::say_hello(bool extended)
{
    step_ = extended ? Step::ehlo : Step::helo;
    output_ = (extended ? "EHLO " : "HELO ") + errand_->helo_name + "\r\n";
}

void SmtpOpening::take_greeting(const Reply& reply)
{
    if (reply.code < 200 || reply.code >= 300) return refused_by_host(reply, "greeting failed.");
    say_hello(!errand_->unused.contains("EHLO"));
}

void SmtpOpening::take_hello(const Reply& reply)
{
    if (step_ == Step::ehlo && reply.permanent() && reply.code != 521) return say_hello(false);
    if (reply.code < 200 || reply.code >= 300)
        return refused_by_host(reply, "my name was rejected.");
    if (step_ == Step::ehlo) read_offers(reply);
    const std::string_view first = reply.lines.empty() ? std::string_view() : reply.lines.front();
    if (errand_->may_be_myself &&
        equal_ignoring_case(first.substr(0, first.find(' ')), errand_->helo_name))
        return fail(
            {Fate::permanent, "5.4.6",
             "Sorry. Although I'm listed as a best-preference MX or A for that host,\n"
             "it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)\n"});
    go_on_from_hello();
}

// RFC 5321 4.1.1.1: a keyword, then parameters after blanks.
void SmtpOpening::read_offers(const Reply& reply)
{
    for (std::size_t i = 1; i < reply.lines.size(); ++i) {
        const auto words = split(reply.lines[i], ' ');
        std::string keyword = upper(words.front());
        if (errand_->unused.contains(keyword)) continue;
        if (keyword == "REQUIRETLS" && session_.tls.empty()) continue;   // RFC 8689 2
        if (keyword == "SIZE" && words.size() > 1) session_.size_limit = parse_number(words[1]);
        if (keyword == "AUTH" || keyword.starts_with("AUTH=")) read_mechanisms(keyword, words);
        if (keyword == "DELIVERBY" && words.size() > 1)
            session_.shortest_time = parse_number(words[1]).value_or(0);
        session_.offers.insert(std::move(keyword));
    }
}

// "AUTH PLAIN LOGIN"; some write "AUTH=PLAIN LOGIN", as a draft had it.
void SmtpOpening::read_mechanisms(std::string_view keyword,
                                  const std::vector<std::string_view>& words)
{
    if (keyword.size() > 5) session_.mechanisms.insert(std::string(keyword.substr(5)));
    for (std::size_t i = 1; i < words.size(); ++i) session_.mechanisms.insert(upper(words[i]));
}

// TLS, then who we are, then the mail.
void SmtpOpening::go_on_from_hello()
{
    const bool wanted = errand_->tls != TlsLevel::none && session_.tls.empty() && !starttls_done_;
    if (wanted && session_.offers.contains("STARTTLS")) {
        starttls_done_ = true;
        step_ = Step::starttls;
        output_ = "STARTTLS\r\n";
        return;
    }
    if (session_.tls.empty() && errand_->tls >= TlsLevel::encrypt)
        return fail(errand_->requests.tls_demanded
                        ? Outcome{Fate::permanent, "5.7.10",
                                  connected() + errand_->host +
                                      " does not offer TLS, which the sender demands. (#5.7.10)\n"}
                        : Outcome{Fate::temporary, "4.7.5",
                                  connected() + errand_->host +
                                      " does not offer TLS, without which it is to have no mail. "
                                      "(#4.7.5)\n"});
    if (errand_->login) return begin_login();
    step_ = Step::done;
}

void SmtpOpening::take_starttls(const Reply& reply)
{
    if (reply.code == 220) {
        step_ = Step::handshake;
        return;
    }
    if (errand_->tls == TlsLevel::may && reply.code != 421) return go_on_from_hello();
    auto outcome = said(reply, raw_, connected() + errand_->host + " refused TLS.");
    const bool for_good = errand_->requests.tls_demanded && reply.permanent();
    outcome.fate = for_good ? Fate::permanent : Fate::temporary;
    outcome.status = for_good ? "5.7.10" : "4.7.5";
    fail(std::move(outcome));
}

// What was offered in the clear may have been anybody's words (RFC 3207 4.2).
void SmtpOpening::tls_begins(std::string description)
{
    session_ = {};
    session_.tls = std::move(description);
    if (starttls_done_)
        say_hello(true);
    else
        step_ = Step::greeting;
}

void SmtpOpening::begin_login()
{
    step_ = Step::login;
    const bool encrypted = !session_.tls.empty();
    login_.emplace(errand_->login, encrypted, encrypted && errand_->tls == TlsLevel::verify,
                   session_.mechanisms);
    go_on_with_login(nullptr);
}

// A wrong password is our trouble, not the sender's: the mail waits until it is set right.
void SmtpOpening::go_on_with_login(const Reply* reply)
{
    if (reply) login_->take(*reply);
    const auto words = connected() + errand_->host;
    switch (login_->state()) {
    case LoginExchange::State::going_on:
        output_ = login_->line().view();
        return;
    case LoginExchange::State::done:
        login_.reset();
        step_ = Step::done;
        return;
    case LoginExchange::State::refused: {
        auto outcome = said(*reply, raw_, words + " did not let me log in.");
        if (outcome.fate != Fate::temporary) outcome.status = "4.7.8";
        outcome.fate = Fate::temporary;
        return fail(std::move(outcome), reply->temporary());
    }
    case LoginExchange::State::cheated:
        return fail({Fate::temporary, "4.7.8",
                     words + " did not prove that it knows my password. (#4.7.8)\n"});
    case LoginExchange::State::unable:
        return fail(
            {Fate::temporary, "4.7.4", words + " offers no way to log in that I know. (#4.7.4)\n"});
    }
}

}
