// One SMTP conversation as the sender, as a decision: replies go in, commands and at last a verdict
// come out. Pure: no sockets, no time, so every reply a server may think of can be put in a table.
// RFC 5321, 2920 (pipelining), 1870 (SIZE), 6152 (8BITMIME), 3207 (STARTTLS), 4954 (AUTH).
#pragma once

#include "base/mail/reply.hpp"
#include "remote/login.hpp"
#include "remote/outcome.hpp"
#include "remote/report.hpp"
#include "remote/requests.hpp"
#include "remote/tls_policy.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::remote {

// What is to be said to one host.
struct Errand {
    std::string peer;   // its address, as reports name it
    std::string helo_name;
    std::string sender;                       // quoted for SMTP; empty: bounce
    std::vector<std::string> recipients;      // quoted for SMTP
    std::optional<std::uint64_t> size = {};   // RFC 1870; nullopt: not known beforehand
    bool eight_bit = false;
    Requests requests = {};
    std::set<std::string, std::less<>> unused =
        {};                       // extensions not to be used, upper case; "EHLO": say HELO
    bool may_be_myself = false;   // found by MX: whoever greets with my own name is me
    std::string host = {};        // its name, for people to read
    TlsLevel tls = TlsLevel::none;
    bool tls_at_once = false;                  // before the greeting (RFC 8314)
    std::shared_ptr<const Login> login = {};   // shared with the route; nullptr: none
};

struct Verdict {
    struct Recipient {
        bool accepted = false;
        Outcome outcome = {};   // of its own, where it was refused
    };
    std::vector<Recipient> recipients = {};   // those answered, in order
    Outcome message = {};                     // for the accepted ones, and those never asked about
    bool next_host = false;   // nothing was said about the message: another host may take it

    Outcome of(std::size_t recipient) const;
    Report report() const;
};

// What is known of a server that has greeted, and may take another message.
struct SmtpSession {
    std::set<std::string, std::less<>> offers = {};
    std::optional<std::uint64_t> size_limit = {};
    unsigned messages = 0;                                // accepted so far
    std::set<std::string, std::less<>> mechanisms = {};   // of AUTH
    std::string tls = {};                                 // as reports call it; "": in the clear
    std::uint64_t shortest_time = 0;                      // seconds; RFC 2852 2
};

class SmtpDialogue {
public:
    explicit SmtpDialogue(Errand errand);
    // On a connection that has been used: MAIL comes first.
    SmtpDialogue(Errand errand, SmtpSession session);

    bool over() const { return step_ == Step::over; }
    // To be written before the next reply is read: commands, several where pipelining allows, or
    // nothing.
    std::string take_output();
    bool wants_text() const { return step_ == Step::text; }   // then send the message
    void
    text_ends();   // call before the final dot is written: from then on a loss may mean a duplicate

    // raw: the reply's bytes as they came, for people to read. After each one ask for output again.
    void take(const Reply& reply, std::string_view raw);
    void garbled(std::string_view raw);   // what came is no reply, or too long for one
    void lost();                          // closed, or silent for too long
    // Then the handshake is due, with nothing read or written before one of these is called.
    bool wants_tls() const { return step_ == Step::handshake; }
    void tls_begins(std::string description);   // as reports are to call it
    void tls_fails(std::string_view why);
    void abandon(Outcome message);   // our own trouble in the middle: the connection is dropped

    enum class Wait { greeting, command, data, final_reply };
    Wait awaited() const;   // which time limit counts
    bool may_say_quit() const { return !lost_; }
    // The used connection was good for nothing, and nothing has happened: begin on a fresh one.
    bool is_stale() const { return resumed_ && !begun_; }
    // Nothing has happened but that TLS, which was no must, did not work: begin again without.
    bool may_do_without_tls() const { return without_tls_; }
    // It took the message; the session is what the next one needs.
    bool may_go_on() const { return accepted_; }
    SmtpSession session() const { return session_; }
    const Verdict& verdict() const { return verdict_; }

private:
    enum class Step {
        handshake,
        greeting,
        ehlo,
        helo,
        starttls,
        login,
        envelope,
        text,
        final_reply,
        empty_text,
        over
    };
    enum class Command { mail, rcpt, data };

    void read_offers(const Reply& reply);
    void read_mechanisms(std::string_view keyword, const std::vector<std::string_view>& words);
    bool uses(std::string_view extension) const;
    void say_hello(bool extended);
    void go_on_from_hello();
    void begin_login();
    void go_on_with_login(const Reply* reply);
    void begin_envelope();
    void queue_commands();
    std::string mail_command() const;

    void take_greeting(const Reply& reply);
    void take_hello(const Reply& reply);
    void take_starttls(const Reply& reply);
    void take_envelope(const Reply& reply);
    void take_mail(const Reply& reply);
    void take_rcpt(const Reply& reply);
    void take_data(const Reply& reply);
    void take_final(const Reply& reply);

    bool any_accepted() const;
    Outcome said(const Reply& reply, std::string words) const;   // with "Remote host said"
    void decide(Outcome message, bool next_host = false);
    void end(Outcome message, bool next_host);
    void refused_by_host(const Reply& reply, std::string words);
    void give_up();

    Errand errand_;
    Step step_ = Step::greeting;
    std::string output_;
    std::string raw_;   // of the reply being taken
    SmtpSession session_;
    std::size_t next_command_ = 0;   // 0 MAIL, then each RCPT, then DATA
    struct Awaited {
        Command command;
        std::size_t bytes;
    };
    std::deque<Awaited> awaited_;   // sent, not yet answered
    std::size_t unanswered_bytes_ = 0;
    bool decided_ = false, lost_ = false, dot_sent_ = false;
    bool resumed_ = false, begun_ = false, accepted_ = false;
    bool starttls_done_ = false, without_tls_ = false;
    std::optional<LoginExchange> login_;
    Verdict verdict_;
};

}
