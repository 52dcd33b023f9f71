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

void append_printable(std::string& line, std::string_view text, char blank)
{
    for (const char c : text) line += c == ' ' ? blank : c < 32 || c > 126 ? '?' : c;
}

void write_line(std::string_view text)
{
    if (muted) return;
    text = text.substr(0, longest_line);
    if (waiting.size() + text.size() + 1 > a_page) flush();
    append_printable(waiting, text, ' ');
    waiting += '\n';
    if (++lines_waiting > 1) return;
    soon ? soon() : flush();
}

// Blanks would make a value look like the next key.
void add(std::string& line, std::string_view key, std::string_view value)
{
    line += key;
    append_printable(line, value.substr(0, 256), '_');
}

std::string value(std::string_view text)
{
    std::string result;
    add(result, "", text);
    return result;
}

std::string event(std::string_view session, std::string_view what, const Peer& peer)
{
    std::string line;
    line.reserve(256);   // nearly all of them
    line.append("smtpd ").append(session).append(": ").append(what);
    add(line, " ip=", peer.ip);
    return line;
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
    auto line = event(session, "connect", peer);
    add(line, " host=", peer.host);
    if (peer.may_relay()) line += " relay=yes";
    write_line(line);
}

void closed(const std::string& session, const Peer& peer, std::string_view why)
{
    auto line = event(session, "close", peer);
    add(line, " why=", why);
    write_line(line);
}

void greeted(const std::string& session, const Peer& peer, std::string_view verb,
             std::string_view name)
{
    auto line = event(session, verb, peer);
    add(line, " name=", name);
    write_line(line);
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
            std::string_view id, std::optional<int> priority)
{
    auto line = event(session, "mail", peer);
    add(line, " from=<", sender);
    line.append("> id=").append(id);
    if (priority) line.append(" priority=").append(std::to_string(*priority));
    write_line(line);
}

void authenticated(const std::string& session, const Peer& peer)
{
    write_line(event(session, "auth", peer) + " user=" + value(peer.user) +
               " method=" + value(peer.method));
}

void hastened(const std::string& session, const Peer& peer, std::string_view domain,
              const Answer& answer)
{
    auto line = event(session, "etrn", peer);
    add(line, " domain=", domain);
    write_line(line + " reply=" + std::to_string(answer.code));
}

void recipient(const std::string& session, const Peer& peer, std::string_view recipient)
{
    auto line = event(session, "rcpt", peer);
    add(line, " to=<", recipient);
    line += '>';
    write_line(line);
}

void forwarded(const std::string& session, const Peer& peer, const ClientFacts& facts)
{
    std::string line = event(session, "forward", peer);
    const auto tell = [&](const char* key, const std::optional<std::string>& text) {
        if (text && !text->empty()) add(line, key, *text);
    };
    if (facts.address) line += " for=" + facts.address->text();
    tell(" host=", facts.name);
    tell(" helo=", facts.helo);
    tell(" ident=", facts.ident);
    tell(" source=", facts.source);
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
    auto line = event(session, held_by.empty() ? "queued" : "held", peer);
    line.append(" id=").append(id).append(" qp=").append(std::to_string(process));
    line.append(" bytes=").append(std::to_string(bytes));
    line.append(" recipients=").append(std::to_string(recipients));
    if (!held_by.empty()) add(line, " by=", held_by);
    write_line(line);
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
