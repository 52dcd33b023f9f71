#include "remote/smtp_dialogue.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::remote {

namespace {

constexpr std::size_t longest_remote_text = 5000;
// Commands sent ahead must fit the sockets' buffers, or both sides may wait for the other for ever.
constexpr std::size_t most_unanswered_bytes = 8192;

std::string upper(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return result;
}

std::string readable(std::string_view raw)
{
    std::string text;
    for (const char c : raw.substr(0, std::min(raw.size(), longest_remote_text + 1000))) {
        if (c == '\r' || text.size() == longest_remote_text) continue;
        text += c == '\n' || (c >= 32 && c <= 126) ? c : '?';
    }
    return text;
}

}

Outcome Verdict::of(std::size_t recipient) const
{
    if (recipient < recipients.size() && !recipients[recipient].accepted)
        return recipients[recipient].outcome;
    return message;
}

Report Verdict::report() const
{
    const auto letter = [](Fate fate, std::string_view letters) {
        return letters[static_cast<std::size_t>(fate)];
    };
    Report report;
    for (const auto& recipient : recipients) {
        if (recipient.accepted)
            report.recipients.push_back({'r', {}});
        else
            report.recipients.push_back(
                {letter(recipient.outcome.fate, "rsh"), recipient.outcome.text});
    }
    report.letter = letter(message.fate, "KZD");
    report.text = message.text;
    return report;
}

SmtpDialogue::SmtpDialogue(Errand errand)
    : errand_(std::move(errand)), step_(errand_.tls_at_once ? Step::handshake : Step::greeting)
{
}

SmtpDialogue::SmtpDialogue(Errand errand, SmtpSession session)
    : errand_(std::move(errand)), session_(std::move(session)), resumed_(true)
{
    begin_envelope();
}

std::string SmtpDialogue::take_output()
{
    if (step_ == Step::envelope) queue_commands();
    return std::exchange(output_, {});
}

SmtpDialogue::Wait SmtpDialogue::awaited() const
{
    if (step_ == Step::greeting) return Wait::greeting;
    if (step_ == Step::final_reply) return Wait::final_reply;
    if (step_ == Step::envelope && !awaited_.empty() && awaited_.front().command == Command::data)
        return Wait::data;
    return Wait::command;
}

void SmtpDialogue::take(const Reply& reply, std::string_view raw)
{
    raw_ = readable(raw);
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
    case Step::envelope:
        return take_envelope(reply);
    case Step::final_reply:
        return take_final(reply);
    case Step::empty_text:
        step_ = Step::over;
        return;
    case Step::handshake:
    case Step::text:
    case Step::over:
        return;
    }
}

void SmtpDialogue::abandon(Outcome message)
{
    lost_ = true;
    step_ = Step::over;
    decide(std::move(message));
}

void SmtpDialogue::lost()
{
    const bool before_mail = step_ < Step::envelope;
    lost_ = true;
    step_ = Step::over;
    const std::string_view doubt = dot_sent_ ? " Possible duplicate!" : "";
    decide({Fate::temporary, "4.4.2",
            "Connected to " + errand_.peer + " but connection died." + std::string(doubt) +
                " (#4.4.2)\n"},
           before_mail);
}

// As a reply with a code that nobody knows: temporary, in the words for where we are.
void SmtpDialogue::garbled(std::string_view raw)
{
    take(Reply(0, ""), raw);
    lost_ = true;
    if (step_ != Step::over) lost();
}

Outcome SmtpDialogue::said(const Reply& reply, std::string words) const
{
    return {fate_of(reply), status_of(reply), words + '\n' + "Remote host said: " + raw_};
}

// The first decision stands; what is still to be answered is read and forgotten.
void SmtpDialogue::decide(Outcome message, bool next_host)
{
    if (decided_) return;
    decided_ = true;
    verdict_.message = std::move(message);
    verdict_.next_host = next_host;
}

void SmtpDialogue::end(Outcome message, bool next_host)
{
    decide(std::move(message), next_host);
    step_ = Step::over;
}

void SmtpDialogue::refused_by_host(const Reply& reply, std::string words)
{
    auto outcome = said(reply, "Connected to " + errand_.peer + std::move(words));
    if (outcome.fate == Fate::relayed) outcome = {Fate::temporary, "4.5.0", outcome.text};
    end(std::move(outcome), true);
}

void SmtpDialogue::say_hello(bool extended)
{
    step_ = extended ? Step::ehlo : Step::helo;
    output_ = (extended ? "EHLO " : "HELO ") + errand_.helo_name + "\r\n";
}

void SmtpDialogue::take_greeting(const Reply& reply)
{
    if (reply.code < 200 || reply.code >= 300)
        return refused_by_host(reply, " but greeting failed.");
    say_hello(!errand_.unused.contains("EHLO"));
}

void SmtpDialogue::take_hello(const Reply& reply)
{
    if (step_ == Step::ehlo && reply.permanent() && reply.code != 521) return say_hello(false);
    if (reply.code < 200 || reply.code >= 300)
        return refused_by_host(reply, " but my name was rejected.");
    if (step_ == Step::ehlo) read_offers(reply);
    const std::string_view first = reply.lines.empty() ? std::string_view() : reply.lines.front();
    if (errand_.may_be_myself &&
        equal_ignoring_case(first.substr(0, first.find(' ')), errand_.helo_name))
        return end({Fate::permanent, "5.4.6",
                    "Sorry. Although I'm listed as a best-preference MX or A for that host,\n"
                    "it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)\n"},
                   true);
    go_on_from_hello();
}

// TLS, then who we are, then the mail.
void SmtpDialogue::go_on_from_hello()
{
    const bool wanted = errand_.tls != TlsLevel::none && session_.tls.empty() && !starttls_done_;
    if (wanted && uses("STARTTLS")) {
        starttls_done_ = true;
        step_ = Step::starttls;
        output_ = "STARTTLS\r\n";
        return;
    }
    if (session_.tls.empty() && errand_.tls >= TlsLevel::encrypt)
        return end({Fate::temporary, "4.7.5",
                    "Connected to " + errand_.peer + " but " + errand_.host +
                        " does not offer TLS, without which it is to have no mail. (#4.7.5)\n"},
                   true);
    if (errand_.login) return begin_login();
    begin_envelope();
}

void SmtpDialogue::take_starttls(const Reply& reply)
{
    if (reply.code == 220) {
        step_ = Step::handshake;
        return;
    }
    if (errand_.tls == TlsLevel::may && reply.code != 421) return go_on_from_hello();
    auto outcome =
        said(reply, "Connected to " + errand_.peer + " but " + errand_.host + " refused TLS.");
    outcome.fate = Fate::temporary;
    outcome.status = "4.7.5";
    end(std::move(outcome), true);
}

// What was offered in the clear may have been anybody's words (RFC 3207 4.2).
void SmtpDialogue::tls_begins(std::string description)
{
    session_ = {};
    session_.tls = std::move(description);
    if (starttls_done_)
        say_hello(true);
    else
        step_ = Step::greeting;
}

void SmtpDialogue::tls_fails(std::string_view why)
{
    lost_ = true;
    without_tls_ = errand_.tls == TlsLevel::may && !errand_.tls_at_once;
    end({Fate::temporary, "4.7.5",
         "Connected to " + errand_.peer + " but TLS with " + errand_.host +
             " failed: " + readable(why) + ". (#4.7.5)\n"},
        true);
}

void SmtpDialogue::begin_login()
{
    step_ = Step::login;
    const bool encrypted = !session_.tls.empty();
    login_.emplace(errand_.login, encrypted, encrypted && errand_.tls == TlsLevel::verify,
                   session_.mechanisms);
    go_on_with_login(nullptr);
}

// A wrong password is our trouble, not the sender's: the mail waits until it is set right.
void SmtpDialogue::go_on_with_login(const Reply* reply)
{
    if (reply) login_->take(*reply);
    const auto words = "Connected to " + errand_.peer + " but " + errand_.host;
    switch (login_->state()) {
    case LoginExchange::State::going_on:
        output_ = login_->line().view();
        return;
    case LoginExchange::State::done:
        login_.reset();
        return begin_envelope();
    case LoginExchange::State::refused: {
        auto outcome = said(*reply, words + " did not let me log in.");
        if (outcome.fate != Fate::temporary) outcome.status = "4.7.8";
        outcome.fate = Fate::temporary;
        return end(std::move(outcome), reply->temporary());
    }
    case LoginExchange::State::cheated:
        return end({Fate::temporary, "4.7.8",
                    words + " did not prove that it knows my password. (#4.7.8)\n"},
                   true);
    case LoginExchange::State::unable:
        return end(
            {Fate::temporary, "4.7.4", words + " offers no way to log in that I know. (#4.7.4)\n"},
            true);
    }
}

// "AUTH PLAIN LOGIN"; some write "AUTH=PLAIN LOGIN", as a draft had it.
void SmtpDialogue::read_mechanisms(std::string_view keyword,
                                   const std::vector<std::string_view>& words)
{
    if (keyword.size() > 5) session_.mechanisms.insert(std::string(keyword.substr(5)));
    for (std::size_t i = 1; i < words.size(); ++i) session_.mechanisms.insert(upper(words[i]));
}

// RFC 5321 4.1.1.1: a keyword, then parameters after blanks.
void SmtpDialogue::read_offers(const Reply& reply)
{
    for (std::size_t i = 1; i < reply.lines.size(); ++i) {
        const auto words = split(reply.lines[i], ' ');
        std::string keyword = upper(words.front());
        if (errand_.unused.contains(keyword)) continue;
        if (keyword == "SIZE" && words.size() > 1) session_.size_limit = parse_number(words[1]);
        if (keyword == "AUTH" || keyword.starts_with("AUTH=")) read_mechanisms(keyword, words);
        if (keyword == "DELIVERBY" && words.size() > 1)
            session_.shortest_time = parse_number(words[1]).value_or(0);
        session_.offers.insert(std::move(keyword));
    }
}

bool SmtpDialogue::uses(std::string_view extension) const
{
    return session_.offers.contains(extension);
}

void SmtpDialogue::begin_envelope()
{
    step_ = Step::envelope;
    if (auto no =
            objection(errand_.requests, session_.offers, errand_.peer, session_.shortest_time))
        return end(std::move(*no), true);
    if (!errand_.size || !session_.size_limit || *session_.size_limit == 0 ||
        *errand_.size <= *session_.size_limit)
        return;
    end({Fate::permanent, "5.3.4",
         "Connected to " + errand_.peer + " but the message has " + std::to_string(*errand_.size) +
             " bytes, and it takes " + std::to_string(*session_.size_limit) + ". (#5.3.4)\n"},
        true);
}

std::string SmtpDialogue::mail_command() const
{
    const bool hidden = hides_sender(errand_.requests, session_.offers);
    std::string command = "MAIL FROM:<" + (hidden ? std::string() : errand_.sender) + '>';
    if (errand_.size && uses("SIZE")) command += " SIZE=" + std::to_string(*errand_.size);
    if (errand_.eight_bit && uses("8BITMIME")) command += " BODY=8BITMIME";
    return command + mail_parameters(errand_.requests, session_.offers) + "\r\n";
}

void SmtpDialogue::queue_commands()
{
    const auto count = errand_.recipients.size();
    while (next_command_ < count + 2) {
        if (decided_) return;
        if (!awaited_.empty() &&
            (!uses("PIPELINING") || unanswered_bytes_ >= most_unanswered_bytes))
            return;
        std::string command = "DATA\r\n";
        auto kind = Command::data;
        if (next_command_ == 0) {
            kind = Command::mail;
            command = mail_command();
        } else if (next_command_ <= count) {
            kind = Command::rcpt;
            command = "RCPT TO:<" + errand_.recipients[next_command_ - 1] + '>' +
                      rcpt_parameters(errand_.requests, session_.offers) + "\r\n";
        }
        ++next_command_;
        unanswered_bytes_ += command.size();
        awaited_.push_back({kind, command.size()});
        output_ += command;
    }
}

void SmtpDialogue::take_envelope(const Reply& reply)
{
    if (awaited_.empty()) return;
    const auto [command, bytes] = awaited_.front();
    awaited_.pop_front();
    unanswered_bytes_ -= bytes;
    switch (command) {
    case Command::mail:
        take_mail(reply);
        break;
    case Command::rcpt:
        take_rcpt(reply);
        break;
    case Command::data:
        return take_data(reply);
    }
    const bool all_refused =
        verdict_.recipients.size() == errand_.recipients.size() && !any_accepted();
    const bool gone = reply.code == 421;   // RFC 5321 3.8, whatever was sent ahead
    if (is_stale()) step_ = Step::over;    // whatever else was sent ahead: no text was
    if (gone && any_accepted()) return lost();
    if (gone || all_refused) give_up();
    if (gone || (decided_ && awaited_.empty())) step_ = Step::over;
}

void SmtpDialogue::take_mail(const Reply& reply)
{
    begun_ = reply.positive();
    if (begun_) return;
    // 2.3 of our rules: a 4xx may mean this host only; 421 and 5xx end the matter.
    decide(said(reply, "Connected to " + errand_.peer + " but sender was rejected."),
           reply.temporary() && reply.code != 421);
}

void SmtpDialogue::take_rcpt(const Reply& reply)
{
    if (decided_) return;
    if (reply.positive()) return verdict_.recipients.push_back({true, {}});
    auto outcome = said(reply, errand_.peer + " does not like recipient.");
    if (means_too_many_recipients(reply)) {
        outcome.fate = Fate::temporary;
        outcome.status = "4.5.3";
    }
    verdict_.recipients.push_back({false, std::move(outcome)});
}

// Temporary as soon as one recipient is: the message is not done with.
void SmtpDialogue::give_up()
{
    const auto& all = verdict_.recipients;
    const bool later = std::any_of(all.begin(), all.end(), [](const auto& recipient) {
        return recipient.outcome.fate == Fate::temporary;
    });
    decide({later ? Fate::temporary : Fate::permanent,
            all.empty() ? "5.0.0" : all.back().outcome.status,
            "Giving up on " + errand_.peer + ".\n"});
}

void SmtpDialogue::take_data(const Reply& reply)
{
    const bool go_ahead = reply.code >= 300 && reply.code < 400;
    if (!decided_ && !go_ahead) {
        auto outcome = said(reply, errand_.peer + " failed on DATA command.");
        if (outcome.fate == Fate::relayed) outcome = {Fate::temporary, "4.5.0", outcome.text};
        decide(std::move(outcome));
    }
    if (!go_ahead) {
        step_ = Step::over;
    } else if (decided_) {
        output_ = ".\r\n";   // RFC 2920 3.1: nobody is to get it, but the server waits for a text
        step_ = Step::empty_text;
    } else {
        step_ = Step::text;
    }
}

void SmtpDialogue::text_ends()
{
    dot_sent_ = true;
    step_ = Step::final_reply;
}

void SmtpDialogue::take_final(const Reply& reply)
{
    step_ = Step::over;
    if (reply.code >= 200 && reply.code < 300) {
        accepted_ = !decided_;
        ++session_.messages;
        const bool on = passes_notices_on(errand_.requests, session_.offers);
        const auto tls = session_.tls.empty() ? "" : "\nIt went by " + session_.tls + '.';
        return decide(
            said(reply, errand_.peer + " accepted message." + (on ? "\ndsn passed on" : "") + tls));
    }
    auto outcome = said(reply, errand_.peer + " failed after I sent the message.");
    if (outcome.fate == Fate::relayed) outcome = {Fate::temporary, "4.5.0", outcome.text};
    decide(std::move(outcome));
}

bool SmtpDialogue::any_accepted() const
{
    return std::any_of(verdict_.recipients.begin(), verdict_.recipients.end(),
                       [](const auto& recipient) { return recipient.accepted; });
}

}
