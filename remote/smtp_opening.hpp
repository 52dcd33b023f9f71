// The beginning of an SMTP conversation as the sender: greeting, EHLO, TLS, who we are; until mail
// may be given, or never. Pure. RFC 5321 3.1, 3207 (STARTTLS), 4954 (AUTH).
#pragma once

#include "base/mail/reply.hpp"
#include "remote/errand.hpp"
#include "remote/login.hpp"
#include "remote/outcome.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapnel::remote {

class SmtpOpening {
public:
    explicit SmtpOpening(std::shared_ptr<const Errand> errand);   // shared with the dialogue

    enum class State { greeting, command, handshake, done, failed };
    State state() const;
    std::string take_output() { return std::exchange(output_, {}); }
    // raw: the reply as readable() gives it.
    void take(const Reply& reply, std::string_view raw);
    void tls_begins(std::string description);   // as reports are to call it

    const SmtpSession& session() const { return session_; }   // when done
    const Outcome& outcome() const { return outcome_; }       // when failed
    bool next_host() const { return next_host_; }             // when failed: may do better

private:
    enum class Step { handshake, greeting, ehlo, helo, starttls, login, done, failed };

    void say_hello(bool extended);
    void take_greeting(const Reply& reply);
    void take_hello(const Reply& reply);
    void read_offers(const Reply& reply);
    void read_mechanisms(std::string_view keyword, const std::vector<std::string_view>& words);
    void go_on_from_hello();
    void take_starttls(const Reply& reply);
    void begin_login();
    void go_on_with_login(const Reply* reply);
    void fail(Outcome outcome, bool next_host = true);
    void refused_by_host(const Reply& reply, std::string_view words);
    std::string connected() const;

    std::shared_ptr<const Errand> errand_;
    Step step_;
    std::string output_;
    std::string raw_;   // of the reply being taken
    SmtpSession session_;
    std::optional<LoginExchange> login_;
    bool starttls_done_ = false, next_host_ = false;
    Outcome outcome_;
};

}
