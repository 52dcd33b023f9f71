// Every line that smtpd can say on descriptor 2: "smtpd SESSION: EVENT key=value …". What strangers
// chose is made printable; a log that cannot take lines loses them, and mail goes on.
#pragma once

#include "base/net/tls_layer.hpp"
#include "smtpd/answer.hpp"
#include "smtpd/peer.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::smtpd {
struct ClientFacts;
}

namespace grapnel::smtpd::log {

// Not where descriptor 2 is the client itself, as under some inetds.
void open(int client);

// From now on lines wait, up to a page of them, until flush(), which call_flush_soon sees to: the
// events of one turn of a loop go in one write. With nothing: each at once, as from the beginning.
void gather(std::function<void()> call_flush_soon);
void flush();

void connected(const std::string& session, const Peer& peer);
void closed(const std::string& session, const Peer& peer, std::string_view why);
void greeted(const std::string& session, const Peer& peer, std::string_view verb,
             std::string_view name);
void secured(const std::string& session, const Peer& peer, const net::TlsFacts& tls);
void sender(const std::string& session, const Peer& peer, std::string_view sender,
            std::string_view id, std::optional<int> priority = {});
void authenticated(const std::string& session, const Peer& peer);   // peer.user, by peer.method
void hastened(const std::string& session, const Peer& peer, std::string_view domain,
              const Answer& answer);
void recipient(const std::string& session, const Peer& peer, std::string_view recipient);
// Of whom XFORWARD speaks.
void forwarded(const std::string& session, const Peer& peer, const ClientFacts& facts);
// Any reply of class 4 or 5; what: the verb, "data" for a message.
void refused(const std::string& session, const Peer& peer, std::string_view what,
             std::string_view argument, const Answer& answer);
void more_refused(const std::string& session, const Peer& peer, std::size_t count);
// held_by: "SCANNER/REASON" where it went to the quarantine, else "".
void queued(const std::string& session, const Peer& peer, std::string_view id, long process,
            std::uint64_t bytes, std::size_t recipients, std::string_view held_by);
// Taken, and thrown away.
void dropped(const std::string& session, const Peer& peer, std::string_view id, std::uint64_t bytes,
             std::string_view by);

// Of the server: "smtpd: TEXT".
void server(std::string_view text);

// The same where strangers can cause it: 20 of them, then none until sum_door(), which says how
// many more there were.
void door(std::string_view text);
void sum_door();

}
