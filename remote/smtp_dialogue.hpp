// One SMTP conversation as the sender, as a decision: replies go in, commands and at last a verdict
// come out. Its opening, then one transaction; here is what may befall both. Pure: no sockets, no
// time, so every reply a server may think of can be put in a table.
#pragma once

#include "base/mail/reply.hpp"
#include "remote/errand.hpp"
#include "remote/smtp_opening.hpp"
#include "remote/smtp_transaction.hpp"
#include "remote/verdict.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::remote {

class SmtpDialogue {
public:
    explicit SmtpDialogue(Errand errand);
    // On a connection that has been used: MAIL comes first.
    SmtpDialogue(Errand errand, SmtpSession session);

    bool over() const { return over_ || state() == SmtpTransaction::State::over; }
    // To be written before the next reply is read: commands, several where pipelining allows, or
    // nothing.
    std::string take_output();
    // Then send what is added to the header, the message, and call text_ends() before the final dot
    // is written: from then on a loss may mean a duplicate.
    bool wants_text() const { return state() == SmtpTransaction::State::text; }
    std::string added_header() const { return transaction_->added_header(); }
    void text_ends() { transaction_->text_ends(); }
    // Then the text is one chunk of so many octets, behind what take_output() gives.
    std::optional<std::uint64_t> chunk_size() const { return transaction_->chunk_size(); }

    // raw: the reply's bytes as they came, for people to read. After each one ask for output again.
    void take(const Reply& reply, std::string_view raw);
    void garbled(std::string_view raw);   // what came is no reply, or too long for one
    void lost();                          // closed, or silent for too long
    // Then the handshake is due, with nothing read or written before one of these is called.
    bool wants_tls() const;
    void tls_begins(std::string description);   // as reports are to call it
    // for_good: not for want of an answer, so it would fail again.
    void tls_fails(std::string_view why, bool for_good = false);
    void abandon(Outcome message);   // our own trouble in the middle: the connection is dropped

    enum class Wait { greeting, command, data, final_reply };
    Wait awaited() const;   // which time limit counts
    bool may_say_quit() const { return !lost_; }
    // The used connection was good for nothing, and nothing has happened: begin on a fresh one.
    bool is_stale() const { return transaction_ && transaction_->is_stale(); }
    // Nothing has happened but that TLS, which was no must, did not work: begin again without.
    bool may_do_without_tls() const { return without_tls_; }
    // It took the message; the session is what the next one needs.
    bool may_go_on() const { return transaction_ && transaction_->accepted(); }
    SmtpSession session() const { return transaction_ ? transaction_->session() : SmtpSession(); }
    const Verdict& verdict() const { return transaction_ ? transaction_->verdict() : verdict_; }

private:
    SmtpTransaction::State state() const;
    void go_on_from_opening();
    void end(Outcome message, bool next_host);

    std::shared_ptr<const Errand> errand_;   // shared with both parts
    SmtpOpening opening_;
    std::optional<SmtpTransaction> transaction_;   // when the opening is done
    bool over_ = false, lost_ = false, without_tls_ = false;
    Verdict verdict_;   // where it came to no transaction
};

}
