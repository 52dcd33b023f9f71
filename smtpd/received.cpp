#include "smtpd/received.hpp"

#include "base/mail/date.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {

constexpr std::size_t fold_at = 78;

// What strangers chose, in a field of ours: what might end a word or a comment becomes "?".
std::string safe(std::string_view text)
{
    std::string result(text);
    for (auto& c : result)
        if (!is_letter(c) && !is_digit(c) &&
            std::string_view(".@%+/=:-[]_").find(c) == std::string_view::npos)
            c = '?';
    return result;
}

std::string classic_safe(std::string_view text)
{
    std::string result = safe(text);
    std::replace(result.begin(), result.end(), '_', '?');
    return result;
}

// "<joe@here>": visible only, ASCII but where the client may do without, and nothing that would
// close it too soon.
std::string safe_path(std::string_view path, bool utf8)
{
    std::string result(path);
    std::replace_if(
        result.begin(), result.end(),
        [utf8](char c) {
            if ((c & 0x80) != 0) return !utf8;
            return c <= 32 || c > 126 || c == '<' || c == '>' || c == ';';
        },
        '?');
    return '<' + result + '>';
}

std::string classic_field(const Peer& peer, const std::string& helo, std::string_view protocol,
                          std::time_t when)
{
    return "Received: from " + classic_safe(peer.host) + helo + " (" +
           (peer.info ? classic_safe(*peer.info) + '@' : "") + classic_safe(peer.ip) + ")\n  by " +
           classic_safe(peer.local) + " with " + std::string(protocol) + "; " + date_822(when) +
           '\n';
}

class Folded {
public:
    explicit Folded(std::string first) : text_(std::move(first)), column_(text_.size()) {}
    void add(const std::string& clause)
    {
        const bool fits = column_ + 1 + clause.size() <= fold_at;
        column_ = fits ? column_ + 1 + clause.size() : 2 + clause.size();
        text_ += (fits ? " " : "\n  ") + clause;
    }
    std::string finish() const { return text_ + '\n'; }

private:
    std::string text_;
    std::size_t column_;
};

}

std::string protocol_word(const Protocol& protocol)
{
    std::string word = protocol.utf8 ? "UTF8" : protocol.extended && !protocol.lmtp ? "E" : "";
    word += protocol.lmtp ? "LMTP" : "SMTP";
    if (!protocol.extended && !protocol.lmtp) return word;
    return word + (protocol.tls ? "S" : "") + (protocol.authenticated ? "A" : "");
}

std::string received_field(const Peer& peer, const Reception& reception)
{
    std::string client = '(' + (peer.info ? safe(*peer.info) + '@' : "");
    if (peer.host != "unknown") client += safe(peer.host) + ' ';
    client += (peer.address ? peer.address->literal() : safe(peer.ip)) + ')';
    Folded field("Received: from " + (reception.helo.empty() ? "unknown" : safe(reception.helo)));
    field.add(client);
    field.add("by " + safe(reception.by));
    field.add("with " + std::string(reception.protocol));
    std::vector<std::string> clauses{"id " + std::string(reception.id)};
    if (!reception.tls.empty()) clauses.push_back("tls " + reception.tls);
    if (!reception.only_recipient.empty())
        clauses.push_back("for " + safe_path(reception.only_recipient, reception.utf8));
    if (reception.priority) clauses.push_back("PRIORITY " + std::to_string(*reception.priority));
    clauses.back() += ';';
    for (const auto& clause : clauses) field.add(clause);
    field.add(date_5322(reception.when, reception.zone_minutes));
    return field.finish();
}

std::string classic_received_field(const Peer& peer, std::string_view helo, std::time_t when)
{
    const bool says_another = !equal_ignoring_case(helo, peer.host);
    return classic_field(peer, says_another ? " (HELO " + classic_safe(helo) + ')' : "", "SMTP",
                         when);
}

std::string qmqp_received_field(const Peer& peer, std::time_t when)
{
    return classic_field(peer, "", "QMQP", when);
}

}
