#include "smtpd/log.hpp"

#include "smtpd/client_facts.hpp"

#include "base/sys/log.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <utility>

namespace grapnel::smtpd::log {

namespace {

constexpr std::size_t longest_line = 1000;

// A pipe that can take anything takes a page, and that in one piece (pipe(7)): so a write neither
// waits nor mixes its lines with others'.
constexpr std::size_t a_page = 4096;

bool muted = false;
std::function<void()> soon;   // has flush() called; none: at once
std::string waiting;
std::uint64_t lines_waiting = 0, lost = 0, at_door = 0;
constexpr std::uint64_t most_at_door = 20;

void write_line(std::string_view text)
{
    if (muted) return;
    const auto line = printable(text, longest_line);
    if (waiting.size() + line.size() + 1 > a_page) flush();
    waiting += line;
    waiting += '\n';
    if (++lines_waiting > 1) return;
    soon ? soon() : flush();
}

// Blanks would make a value look like the next key.
std::string value(std::string_view text)
{
    std::string result = printable(text, 256);
    for (auto& c : result)
        if (c == ' ') c = '_';
    return result;
}

std::string event(const std::string& session, std::string_view what, const Peer& peer)
{
    return "smtpd " + session + ": " + std::string(what) + " ip=" + value(peer.ip);
}

}

void open(int client)
{
    struct stat ours {
    }, theirs{};
    if (::fstat(2, &ours) != 0 || ::fstat(client, &theirs) != 0) return;
    muted = S_ISSOCK(ours.st_mode) && ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

void gather(std::function<void()> call_flush_soon) { soon = std::move(call_flush_soon); }

void flush()
{
    if (lines_waiting == 0) return;
    pollfd descriptor{2, POLLOUT, 0};
    if (::poll(&descriptor, 1, 0) <= 0 || (descriptor.revents & POLLOUT) == 0) {
        lost += lines_waiting;
    } else {
        if (lost > 0) log_line(2, "smtpd: " + std::to_string(lost) + " log lines were lost");
        lost = 0;
        [[maybe_unused]] const auto ignored = ::write(2, waiting.data(), waiting.size());
    }
    waiting.clear();
    lines_waiting = 0;
}

void connected(const std::string& session, const Peer& peer)
{
    write_line(event(session, "connect", peer) + " host=" + value(peer.host) +
               (peer.may_relay() ? " relay=yes" : ""));
}

void closed(const std::string& session, const Peer& peer, std::string_view why)
{
    write_line(event(session, "close", peer) + " why=" + value(why));
}

void greeted(const std::string& session, const Peer& peer, std::string_view verb,
             std::string_view name)
{
    write_line(event(session, verb, peer) + " name=" + value(name));
}

void secured(const std::string& session, const Peer& peer, const net::TlsFacts& tls)
{
    std::string line = event(session, "tls", peer) + " version=" + tls.version +
                       " cipher=" + tls.cipher + (tls.resumed ? " resumed=yes" : "");
    if (!tls.server_name.empty()) line += " name=" + value(tls.server_name);
    if (tls.client)
        line += " client=" + value(tls.client->subject) +
                (tls.client->verified ? " verified=yes" : " verified=no") +
                (peer.admitted ? " relay=yes" : "");
    write_line(line);
}

void sender(const std::string& session, const Peer& peer, std::string_view sender,
            std::string_view id)
{
    write_line(event(session, "mail", peer) + " from=<" + value(sender) +
               "> id=" + std::string(id));
}

void authenticated(const std::string& session, const Peer& peer)
{
    write_line(event(session, "auth", peer) + " user=" + value(peer.user) +
               " method=" + value(peer.method));
}

void recipient(const std::string& session, const Peer& peer, std::string_view recipient)
{
    write_line(event(session, "rcpt", peer) + " to=<" + value(recipient) + '>');
}

void forwarded(const std::string& session, const Peer& peer, const ClientFacts& facts)
{
    std::string line = event(session, "forward", peer);
    const auto add = [&](const char* name, const std::optional<std::string>& text) {
        if (text && !text->empty()) line += ' ' + std::string(name) + '=' + value(*text);
    };
    if (facts.address) line += " for=" + facts.address->text();
    add("host", facts.name);
    add("helo", facts.helo);
    add("ident", facts.ident);
    add("source", facts.source);
    write_line(line);
}

void refused(const std::string& session, const Peer& peer, std::string_view what,
             std::string_view argument, const Answer& answer)
{
    std::string line = event(session, std::string(what) + " refused", peer);
    if (!argument.empty()) line += " argument=" + value(argument);
    if (!answer.why.empty()) line += " why=" + value(answer.why);
    write_line(line + " reply=" + std::to_string(answer.code) + '_' +
               value(answer.enhanced + ' ' + answer.lines.front()));
}

void more_refused(const std::string& session, const Peer& peer, std::size_t count)
{
    write_line(event(session, "refused", peer) + " more=" + std::to_string(count));
}

void queued(const std::string& session, const Peer& peer, std::string_view id, long process,
            std::uint64_t bytes, std::size_t recipients, std::string_view held_by)
{
    write_line(event(session, held_by.empty() ? "queued" : "held", peer) +
               " id=" + std::string(id) + " qp=" + std::to_string(process) +
               " bytes=" + std::to_string(bytes) + " recipients=" + std::to_string(recipients) +
               (held_by.empty() ? "" : " by=" + value(held_by)));
}

void dropped(const std::string& session, const Peer& peer, std::string_view id, std::uint64_t bytes,
             std::string_view by)
{
    write_line(event(session, "dropped", peer) + " id=" + std::string(id) +
               " bytes=" + std::to_string(bytes) + " by=" + value(by));
}

void server(std::string_view text) { write_line("smtpd: " + std::string(text)); }

void door(std::string_view text)
{
    if (++at_door <= most_at_door) server(text);
}

void sum_door()
{
    if (at_door > most_at_door)
        server("at the door more=" + std::to_string(at_door - most_at_door));
    at_door = 0;
}

}
