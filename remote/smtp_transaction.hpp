// One message given to a host that has greeted: MAIL, RCPT, DATA or BDAT, the text, and what is
// said to it. Pure. RFC 5321 3.3, 2920 (pipelining), 1870 (SIZE), 6152 (8BITMIME), 3030.
#pragma once

#include "base/mail/reply.hpp"
#include "remote/errand.hpp"
#include "remote/verdict.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::remote {

class SmtpTransaction {
public:
    // errand: shared with the dialogue. resumed: on a connection that another message has used.
    SmtpTransaction(std::shared_ptr<const Errand> errand, SmtpSession session, bool resumed);

    enum class State { command, data, text, final_reply, over };
    State state() const;
    std::string take_output();
    void take(const Reply& reply, std::string_view raw);   // raw: as readable() gives it
    std::string added_header() const;   // to be sent before the message; in CR LF
    void text_ends();
    void lost();
    void abandon(Outcome message);

    // The text is to be so many octets, behind what take_output() gives then; nullopt: by DATA.
    std::optional<std::uint64_t> chunk_size() const;

    bool is_stale() const { return resumed_ && !begun_; }
    bool accepted() const { return accepted_; }
    const SmtpSession& session() const { return session_; }
    const Verdict& verdict() const { return verdict_; }

private:
    enum class Step { envelope, text, final_reply, empty_text, over };
    enum class Command { mail, rcpt, data };

    bool uses(std::string_view extension) const { return session_.offers.contains(extension); }
    void look_for_objections();
    bool all_queued() const { return next_command_ == last_command(); }
    std::size_t last_command() const;   // one past it
    void queue_commands();
    void begin_chunk();
    std::string mail_command() const;
    void take_envelope(const Reply& reply);
    void take_mail(const Reply& reply);
    void take_rcpt(const Reply& reply);
    void take_data(const Reply& reply);
    void take_final(const Reply& reply);
    bool any_accepted() const;
    void decide(Outcome message, bool next_host = false);
    void give_up();

    std::shared_ptr<const Errand> errand_;
    SmtpSession session_;
    Step step_ = Step::envelope;
    std::string output_;
    std::string raw_;                // of the reply being taken
    std::size_t next_command_ = 0;   // 0 MAIL, then each RCPT, then DATA if any
    struct Awaited {
        Command command;
        std::size_t bytes;
    };
    std::deque<Awaited> awaited_;   // sent, not yet answered
    std::size_t unanswered_bytes_ = 0;
    bool resumed_, begun_ = false, decided_ = false, dot_sent_ = false, accepted_ = false;
    Verdict verdict_;
};

}
