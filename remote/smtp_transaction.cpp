#include "remote/smtp_transaction.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::remote {

namespace {

// Commands sent ahead must fit the sockets' buffers, or both sides may wait for the other for ever.
constexpr std::size_t most_unanswered_bytes = 8192;

}

SmtpTransaction::SmtpTransaction(std::shared_ptr<const Errand> errand, SmtpSession session,
                                 bool resumed)
    : errand_(std::move(errand)), session_(std::move(session)), resumed_(resumed)
{
    look_for_objections();
}

SmtpTransaction::State SmtpTransaction::state() const
{
    switch (step_) {
    case Step::envelope:
        if (!awaited_.empty() && awaited_.front().command == Command::data) return State::data;
        break;
    case Step::text:
        return State::text;
    case Step::final_reply:
        return State::final_reply;
    case Step::over:
        return State::over;
    case Step::empty_text:
        break;
    }
    return State::command;
}

std::string SmtpTransaction::take_output()
{
    if (step_ == Step::envelope) queue_commands();
    return std::exchange(output_, {});
}

void SmtpTransaction::take(const Reply& reply, std::string_view raw)
{
    raw_ = raw;
    switch (step_) {
    case Step::envelope:
        take_envelope(reply);
        if (errand_->binary && step_ == Step::envelope) begin_chunk();
        return;
    case Step::final_reply:
        return take_final(reply);
    case Step::empty_text:
        step_ = Step::over;
        return;
    case Step::text:
    case Step::over:
        return;
    }
}

void SmtpTransaction::abandon(Outcome message)
{
    step_ = Step::over;
    decide(std::move(message));
}

void SmtpTransaction::lost()
{
    step_ = Step::over;
    const std::string_view doubt = dot_sent_ ? " Possible duplicate!" : "";
    decide({Fate::temporary, "4.4.2",
            "Connected to " + errand_->peer + " but connection died." + std::string(doubt) +
                " (#4.4.2)\n"});
}

// The first decision stands; what is still to be answered is read and forgotten.
void SmtpTransaction::decide(Outcome message, bool next_host)
{
    if (decided_) return;
    decided_ = true;
    verdict_.message = std::move(message);
    verdict_.next_host = next_host;
}

void SmtpTransaction::look_for_objections()
{
    auto no = objection(errand_->requests, session_.offers, errand_->peer, session_.shortest_time);
    const auto limit = session_.size_limit.value_or(0);
    if (!no && limit > 0 && errand_->size.value_or(0) > limit)
        no = {Fate::permanent, "5.3.4",
              "Connected to " + errand_->peer + " but the message has " +
                  std::to_string(*errand_->size) + " bytes, and it takes " + std::to_string(limit) +
                  ". (#5.3.4)\n"};
    if (!no) return;
    decide(std::move(*no), true);
    step_ = Step::over;
}

// To more than one it would tell each of the others.
std::string SmtpTransaction::added_header() const
{
    if (errand_->recipients.size() != 1) return {};
    return remote::added_header(errand_->requests, session_.offers, errand_->recipients.front());
}

std::string SmtpTransaction::mail_command() const
{
    const bool hidden = hides_sender(errand_->requests, session_.offers);
    std::string command = "MAIL FROM:<" + (hidden ? std::string() : errand_->sender) + '>';
    if (errand_->size && uses("SIZE"))
        command += " SIZE=" + std::to_string(*errand_->size + added_header().size());
    if (errand_->binary)
        command += " BODY=BINARYMIME";
    else if (errand_->eight_bit && uses("8BITMIME"))
        command += " BODY=8BITMIME";
    return command + mail_parameters(errand_->requests, session_.offers) + "\r\n";
}

std::size_t SmtpTransaction::last_command() const
{
    return errand_->recipients.size() + (errand_->binary ? 1 : 2);
}

std::optional<std::uint64_t> SmtpTransaction::chunk_size() const
{
    if (!errand_->binary) return std::nullopt;
    return errand_->size.value_or(0) + added_header().size();
}

// Not sent ahead: nobody can be told to stop reading a chunk that no recipient is left for.
void SmtpTransaction::begin_chunk()
{
    if (decided_ || !awaited_.empty() || !all_queued()) return;
    output_ = "BDAT " + std::to_string(*chunk_size()) + " LAST\r\n";
    step_ = Step::text;
}

void SmtpTransaction::queue_commands()
{
    const auto count = errand_->recipients.size();
    while (!all_queued()) {
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
            command = "RCPT TO:<" + errand_->recipients[next_command_ - 1] + '>' +
                      rcpt_parameters(errand_->requests, session_.offers) + "\r\n";
        }
        ++next_command_;
        unanswered_bytes_ += command.size();
        awaited_.push_back({kind, command.size()});
        output_ += command;
    }
}

void SmtpTransaction::take_envelope(const Reply& reply)
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
        verdict_.recipients.size() == errand_->recipients.size() && !any_accepted();
    const bool gone = reply.code == 421;   // RFC 5321 3.8, whatever was sent ahead
    if (is_stale()) step_ = Step::over;    // whatever else was sent ahead: no text was
    if (gone && any_accepted()) return lost();
    if (gone || all_refused) give_up();
    if (gone || (decided_ && awaited_.empty())) step_ = Step::over;
}

void SmtpTransaction::take_mail(const Reply& reply)
{
    begun_ = reply.positive();
    if (begun_) return;
    // 2.3 of our rules: a 4xx may mean this host only; 421 and 5xx end the matter.
    decide(said(reply, raw_, "Connected to " + errand_->peer + " but sender was rejected."),
           reply.temporary() && reply.code != 421);
}

void SmtpTransaction::take_rcpt(const Reply& reply)
{
    if (decided_) return;
    if (reply.positive()) return verdict_.recipients.push_back({true, {}});
    auto outcome = said(reply, raw_, errand_->peer + " does not like recipient.");
    if (means_too_many_recipients(reply)) {
        outcome.fate = Fate::temporary;
        outcome.status = "4.5.3";
    }
    verdict_.recipients.push_back({false, std::move(outcome)});
}

// Temporary as soon as one recipient is: the message is not done with.
void SmtpTransaction::give_up()
{
    const auto& all = verdict_.recipients;
    const bool later = std::any_of(all.begin(), all.end(), [](const auto& recipient) {
        return recipient.outcome.fate == Fate::temporary;
    });
    decide({later ? Fate::temporary : Fate::permanent,
            all.empty() ? "5.0.0" : all.back().outcome.status,
            "Giving up on " + errand_->peer + ".\n"});
}

void SmtpTransaction::take_data(const Reply& reply)
{
    const bool go_ahead = reply.code >= 300 && reply.code < 400;
    if (!go_ahead) {
        decide(refused(reply, raw_, errand_->peer + " failed on DATA command."));
        step_ = Step::over;
    } else if (decided_) {
        output_ = ".\r\n";   // RFC 2920 3.1: nobody is to get it, but the server waits for a text
        step_ = Step::empty_text;
    } else {
        step_ = Step::text;
    }
}

void SmtpTransaction::text_ends()
{
    dot_sent_ = true;
    step_ = Step::final_reply;
}

void SmtpTransaction::take_final(const Reply& reply)
{
    step_ = Step::over;
    if (reply.code < 200 || reply.code >= 300)
        return decide(refused(reply, raw_, errand_->peer + " failed after I sent the message."));
    accepted_ = !decided_;
    ++session_.messages;
    const bool on = passes_notices_on(errand_->requests, session_.offers);
    const auto tls = session_.tls.empty() ? "" : "\nIt went by " + session_.tls + '.';
    decide(said(reply, raw_,
                errand_->peer + " accepted message." + (on ? "\ndsn passed on" : "") + tls));
}

bool SmtpTransaction::any_accepted() const
{
    return std::any_of(verdict_.recipients.begin(), verdict_.recipients.end(),
                       [](const auto& recipient) { return recipient.accepted; });
}

}
