#include "support/smtp_script.hpp"

#include "base/text.hpp"
#include "support/smtp_client.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>

namespace grapnel::test {

namespace {

constexpr milliseconds step{20};

void make_reset(int socket)
{
    const linger at_once{1, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

std::string on_the_wire(std::string_view reply)
{
    std::string wire;
    for (const auto line : split(reply, '\n')) wire += std::string(line) + "\r\n";
    return wire;
}

}

// One connection; everything it changes of the session is changed under the server's lock.
struct SmtpScript::Conversation {
    SmtpScript& server;
    std::size_t number;
    int socket;
    ScriptBehaviour behaviour;
    std::string buffer = {};
    int recipients = 0;   // accepted, of this transaction
    std::unique_ptr<ScriptTls> tls = {};

    template <class Change>
    void record(Change change)
    {
        const std::lock_guard guard(server.mutex_);
        change(server.sessions_[number]);
    }

    bool receive()
    {
        while (!(tls && tls->waiting()) && !readable(socket, step))
            if (server.stopping_) return false;
        std::array<char, 65536> more;
        const ssize_t count = tls ? tls->receive(more.data(), more.size())
                                  : ::recv(socket, more.data(), more.size(), 0);
        if (count <= 0) return false;
        buffer.append(more.data(), static_cast<std::size_t>(count));
        return true;
    }

    std::optional<std::string> line()
    {
        for (;;) {
            if (const auto end = buffer.find("\r\n"); end != std::string::npos) {
                std::string found = buffer.substr(0, end);
                buffer.erase(0, end + 2);
                return found;
            }
            if (!receive()) return std::nullopt;
        }
    }

    // Up to the line that is only a dot; false when the connection is over first.
    bool data()
    {
        const auto enough = [&] {
            return behaviour.cut_after_data > 0 && buffer.size() >= behaviour.cut_after_data;
        };
        for (;;) {
            const bool empty = buffer.starts_with(".\r\n");
            const auto end = empty ? 0 : buffer.find("\r\n.\r\n");
            if (enough() || (end == std::string::npos && !receive())) return false;
            if (end == std::string::npos) continue;
            record([&](ScriptSession& session) {
                session.messages.push_back(buffer.substr(0, empty ? 0 : end + 2));
            });
            buffer.erase(0, empty ? 3 : end + 5);
            return true;
        }
    }

    ScriptRule polite(std::string_view command) const
    {
        const auto is = [&](std::string_view word) {
            return starts_with_ignoring_case(command, word);
        };
        if (command.empty()) return {"", "220 script.example ESMTP"};
        if (command == ".") return {".", "250 2.0.0 kept"};
        if (is("EHLO") && behaviour.extensions == std::vector<std::string>{"(none)"})
            return {"EHLO", "502 5.5.1 what"};
        if (is("EHLO")) return {"EHLO", ehlo_reply()};
        if (is("DATA") && recipients == 0) return {"DATA", "554 5.5.1 no valid recipients"};
        if (is("DATA")) return {"DATA", "354 go ahead"};
        if (is("STARTTLS")) return {"STARTTLS", "220 2.0.0 go ahead"};
        if (is("QUIT")) return {"QUIT", "221 2.0.0 bye", After::cut};
        return {"", "250 2.0.0 ok"};
    }

    std::string ehlo_reply() const
    {
        std::string reply =
            behaviour.extensions.empty() ? "250 script.example" : "250-script.example";
        for (const auto& keyword : behaviour.extensions)
            reply += (&keyword == &behaviour.extensions.back() ? "\n250 " : "\n250-") + keyword;
        return reply;
    }

    ScriptRule rule_for(std::string_view command) const
    {
        for (const auto& rule : behaviour.rules) {
            const bool special =
                command.empty() || command == "." || rule.prefix.empty() || rule.prefix == ".";
            if (special ? rule.prefix == command : starts_with_ignoring_case(command, rule.prefix))
                return rule;
        }
        return polite(command);
    }

    // False: the conversation is over. What was said last goes to *said.
    bool answer(std::string_view command, std::string* said = nullptr)
    {
        const ScriptRule rule = rule_for(command);
        if (rule.delay.count() > 0) wait_until([&] { return server.stopping_.load(); }, rule.delay);
        const std::string wire = rule.reply.empty() ? "" : on_the_wire(rule.reply);
        if (tls)
            tls->send(wire);
        else
            ::send(socket, wire.data(), wire.size(), MSG_NOSIGNAL);
        if (said) *said = rule.reply;
        if (rule.after == After::reset) make_reset(socket);
        while (rule.after == After::hang && receive()) {}
        return rule.after == After::go_on;
    }

    bool encrypt()
    {
        tls = behaviour.tls ? behaviour.tls(socket) : nullptr;
        if (!tls) return false;
        record([&](ScriptSession& session) {
            session.encrypted = true;
            session.client = tls->client();
        });
        return true;
    }

    void run()
    {
        if (behaviour.tls_at_once && !encrypt()) return;
        if (!answer("")) return;
        while (const auto command = line()) {
            record([&](ScriptSession& session) { session.commands.push_back(*command); });
            if (equal_ignoring_case(*command, "QUIT"))
                record([](ScriptSession& session) { session.quit = true; });
            std::string said;
            if (!answer(*command, &said)) return;
            if (equal_ignoring_case(*command, "STARTTLS") && said.starts_with("220") && !encrypt())
                return;
            if (starts_with_ignoring_case(*command, "MAIL")) recipients = 0;
            if (starts_with_ignoring_case(*command, "RCPT")) recipients += said.starts_with('2');
            if (equal_ignoring_case(*command, "DATA") && said.starts_with('3'))
                if (!data() || !answer(".")) return;
        }
    }
};

SmtpScript::SmtpScript(std::vector<ScriptBehaviour> behaviours)
    : behaviours_(std::move(behaviours)),
      listener_(listen_on_loopback()),
      port_(port_of(listener_.get())),
      acceptor_([this] { accept_connections(); })
{
}

SmtpScript::~SmtpScript()
{
    stopping_ = true;
    acceptor_.join();
    for (auto& conversation : conversations_) conversation.join();
}

void SmtpScript::accept_connections()
{
    while (!stopping_) {
        if (!readable(listener_.get(), step)) continue;
        Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!socket) continue;
        const std::lock_guard guard(mutex_);
        sessions_.emplace_back();
        sockets_.push_back(std::move(socket));
        conversations_.emplace_back(&SmtpScript::converse, this, sessions_.size() - 1,
                                    sockets_.back().get());
    }
}

void SmtpScript::converse(std::size_t number, int socket)
{
    const auto& behaviour = number < behaviours_.size() ? behaviours_[number] : behaviours_.back();
    Conversation{*this, number, socket, behaviour}.run();
    const std::lock_guard guard(mutex_);
    sockets_[number].reset();
    sessions_[number].ended = true;
}

std::vector<ScriptSession> SmtpScript::sessions() const
{
    const std::lock_guard guard(mutex_);
    return sessions_;
}

std::vector<std::string> SmtpScript::messages() const
{
    std::vector<std::string> result;
    for (const auto& session : sessions())
        for (const auto& message : session.messages) result.push_back(from_data(message));
    return result;
}

bool SmtpScript::wait_for_messages(std::size_t count, milliseconds limit) const
{
    return wait_until([&] { return messages().size() >= count; }, limit);
}

bool SmtpScript::wait_for_sessions_ended(std::size_t count, milliseconds limit) const
{
    return wait_until(
        [&] {
            std::size_t ended = 0;
            for (const auto& session : sessions()) ended += session.ended;
            return ended >= count;
        },
        limit);
}

}
