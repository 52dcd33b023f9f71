// An SMTP server that says what a test tells it to: on 127.0.0.1, in threads, recording all it was
// told.
//
//     SmtpScript server({.rules = {{"RCPT TO:<no@", "550 5.1.1 nobody"}, {".", "451 later"}}});
//     home.control("smtproutes", ":127.0.0.1:" + std::to_string(server.port()));
#pragma once

#include "base/sys/fd.hpp"
#include "support/ports.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace grapnel::test {

enum class After {
    go_on,
    cut,
    reset,
    hang
};   // then: next command; close; close with RST; say no more

// What to do at a command that begins with prefix (case does not count). "." is the end of the
// data, "" the connection itself (its reply is the greeting). The first rule that fits counts.
struct ScriptRule {
    std::string prefix;
    std::string reply;   // lines joined by "\n"; CR LF is put in. Empty: nothing is said
    After after = After::go_on;
    milliseconds delay{0};   // before the reply
};

// What lies between the server and its socket from the handshake on: by tls_side() of support/tls.
class ScriptTls {
public:
    virtual ~ScriptTls() = default;
    virtual bool waiting() = 0;                                  // has read more than it gave
    virtual ssize_t receive(char* room, std::size_t size) = 0;   // 0 or less: it is over
    virtual void send(std::string_view bytes) = 0;
    virtual std::string client() const { return {}; }   // the common name of his certificate
};
using ScriptTlsMaker = std::function<std::unique_ptr<ScriptTls>(int socket)>;   // nullptr: no

struct ScriptBehaviour {
    std::vector<std::string> extensions = {};   // EHLO keywords; {"(none)"}: EHLO is answered 502
    std::vector<ScriptRule> rules = {};         // else everything is polite
    std::size_t cut_after_data = 0;   // close when so many bytes of data have come; 0: do not
    ScriptTlsMaker tls = {};          // after 220 to STARTTLS
    bool tls_at_once = false;         // or before the greeting
};

struct ScriptSession {
    std::vector<std::string> commands = {};   // as sent, without CR LF
    std::vector<std::string> messages =
        {};                    // as on the wire (dots still doubled), without the final dot line
    std::string client = {};   // as his certificate calls him
    bool encrypted = false;
    bool quit = false;
    bool ended = false;   // the connection is over
};

class SmtpScript {
public:
    explicit SmtpScript(ScriptBehaviour behaviour = {})
        : SmtpScript(std::vector{std::move(behaviour)})
    {
    }
    // Connection n follows behaviours[n], the last one for all that come after.
    explicit SmtpScript(std::vector<ScriptBehaviour> behaviours);
    SmtpScript(const SmtpScript&) = delete;
    SmtpScript& operator=(const SmtpScript&) = delete;
    ~SmtpScript();

    Port port() const { return port_; }
    std::string route() const { return "127.0.0.1:" + std::to_string(port_); }
    std::vector<ScriptSession> sessions() const;   // so far
    std::vector<std::string> messages() const;     // of all sessions, dots undone, LF line ends
    bool wait_for_messages(std::size_t count, milliseconds limit = patience) const;
    bool wait_for_sessions_ended(std::size_t count, milliseconds limit = patience) const;

private:
    struct Conversation;
    void accept_connections();
    void converse(std::size_t number, int socket);

    std::vector<ScriptBehaviour> behaviours_;
    Fd listener_;
    Port port_;
    mutable std::mutex mutex_;
    std::vector<ScriptSession> sessions_;
    std::vector<Fd> sockets_;
    std::vector<std::thread> conversations_;
    std::atomic<bool> stopping_ = false;
    std::thread acceptor_;
};

}
