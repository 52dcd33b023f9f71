#include "remote/smtp_dialogue.hpp"

#include <utility>

namespace grapnel::remote {

SmtpDialogue::SmtpDialogue(Errand errand)
    : errand_(std::make_shared<const Errand>(std::move(errand))), opening_(errand_)
{
}

SmtpDialogue::SmtpDialogue(Errand errand, SmtpSession session)
    : errand_(std::make_shared<const Errand>(std::move(errand))),
      opening_(errand_),
      transaction_(std::in_place, errand_, std::move(session), true)
{
}

SmtpTransaction::State SmtpDialogue::state() const
{
    return transaction_ ? transaction_->state() : SmtpTransaction::State::command;
}

std::string SmtpDialogue::take_output()
{
    return transaction_ ? transaction_->take_output() : opening_.take_output();
}

bool SmtpDialogue::wants_tls() const
{
    return !transaction_ && !over_ && opening_.state() == SmtpOpening::State::handshake;
}

SmtpDialogue::Wait SmtpDialogue::awaited() const
{
    if (!transaction_)
        return opening_.state() == SmtpOpening::State::greeting ? Wait::greeting : Wait::command;
    if (state() == SmtpTransaction::State::data) return Wait::data;
    return state() == SmtpTransaction::State::final_reply ? Wait::final_reply : Wait::command;
}

void SmtpDialogue::take(const Reply& reply, std::string_view raw)
{
    if (transaction_) return transaction_->take(reply, readable(raw));
    opening_.take(reply, readable(raw));
    go_on_from_opening();
}

void SmtpDialogue::go_on_from_opening()
{
    if (opening_.state() == SmtpOpening::State::done)
        transaction_.emplace(errand_, opening_.session(), false);
    else if (opening_.state() == SmtpOpening::State::failed)
        end(opening_.outcome(), opening_.next_host());
}

void SmtpDialogue::end(Outcome message, bool next_host)
{
    if (over_) return;
    over_ = true;
    verdict_.message = std::move(message);
    verdict_.next_host = next_host;
}

void SmtpDialogue::abandon(Outcome message)
{
    lost_ = true;
    if (transaction_) return transaction_->abandon(std::move(message));
    end(std::move(message), false);
}

void SmtpDialogue::lost()
{
    lost_ = true;
    if (transaction_) return transaction_->lost();
    end({Fate::temporary, "4.4.2",
         "Connected to " + errand_->peer + " but connection died. (#4.4.2)\n"},
        true);
}

// As a reply with a code that nobody knows: temporary, in the words for where we are.
void SmtpDialogue::garbled(std::string_view raw)
{
    take(Reply(0, ""), raw);
    lost_ = true;
    if (!over()) lost();
}

void SmtpDialogue::tls_begins(std::string description)
{
    opening_.tls_begins(std::move(description));
}

void SmtpDialogue::tls_fails(std::string_view why, bool for_good)
{
    lost_ = true;
    without_tls_ = errand_->tls == TlsLevel::may && !errand_->tls_at_once;
    const bool permanent = for_good && errand_->requests.tls_demanded;
    const std::string status = permanent ? "5.7.10" : "4.7.5";
    end({permanent ? Fate::permanent : Fate::temporary, status,
         "Connected to " + errand_->peer + " but TLS with " + errand_->host +
             " failed: " + readable(why) + ". (#" + status + ")\n"},
        true);
}

}
