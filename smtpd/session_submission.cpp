// What only people's own programs are asked for, and get (RFC 6409): AUTH, a sender that is theirs,
// limits by the hour, repairs.
#include "smtpd/session.hpp"

#include "base/sys/clock.hpp"
#include "smtpd/damaged_table.hpp"
#include "smtpd/fixup/header_fixer.hpp"
#include "smtpd/judges.hpp"
#include "smtpd/session_programs.hpp"
#include "smtpd/usage.hpp"
#include "smtpd/zone.hpp"

namespace grapnel::smtpd {

using net::asio::awaitable;

bool Session::is_submission() const { return around_.service.kind == Kind::submission; }

// RFC 6409 4.3. RELAYCLIENT hosts may submit without.
std::optional<Answer> Session::auth_missing() const
{
    const auto& wish = around_.peer.auth_wish;
    const bool needed = is_submission() || (wish && wish->starts_with('!'));
    if (!needed || around_.peer.may_relay()) return std::nullopt;
    const bool tls_first = !is_in_tls() && !config().auth.in_clear;
    return Answer(530, "5.7.0",
                  tls_first ? "STARTTLS and AUTH first (#5.7.0)" : "AUTH first (#5.7.0)")
        .because("auth");
}

// What the client claims is passed on only where he is trusted with it (RFC 4954 5).
std::string Session::trusted_auth(const std::string& given) const
{
    const auto claimed = decode_xtext(given);
    if (!auth_.done() || !claimed || given == "<>") return "<>";
    const bool his = *claimed == auth_.user ||
                     (config().auth.rights && config().auth.rights->allows(auth_.user, *claimed));
    return his ? given : "<>";
}

// By the table, and where that says no by the program.
awaitable<Answer> Session::check_sender(Answer ours)
{
    check_sender_ = false;
    const auto& auth = config().auth;
    Answer answer = std::move(ours);
    try {
        if (auth.rights && auth.rights->allows(auth_.user, sender_)) co_return answer;
        Word word = Word::no;
        std::string trouble;
        if (auth.judges_senders && !sender_.empty())
            word = co_await ask_judge(sender_judge, question(auth_.user, sender_, ""), trouble);
        if (word == Word::yes || (!auth.rights && sender_.empty())) co_return answer;
        answer =
            word == Word::no
                ? Answer(550, "5.7.1", "you may not send as that address (#5.7.1)")
                      .because("sendas")
                : Answer(451, "4.7.1", "unable to check the sender now (#4.7.1)").because(trouble);
    } catch (const DamagedTable& error) {
        answer =
            Answer(451, "4.3.0", "unable to check the sender now (#4.3.0)").because(error.what());
    }
    note_refusal("mail", sender_, answer);
    asks_.reset();
    if (programs_) programs_->event.reset();
    forget_transaction();
    co_return answer;
}

std::optional<Answer> Session::used_up(std::string_view what, std::size_t more,
                                       std::uint32_t most) const
{
    if (!auth_.done() || !around_.usage || most == 0) return std::nullopt;
    const auto now = SystemClock().now();
    if (around_.usage->used(what, auth_.user, now) + more <= most) return std::nullopt;
    const auto minutes = around_.usage->left_of_hour(what, auth_.user, now) / 60 + 1;
    return Answer(450, "4.7.1",
                  "too many " + std::string(what) + " in an hour, try again in " +
                      std::to_string(minutes) + " minutes (#4.7.1)")
        .because(what == "messages" ? "maxusermsgs" : "maxuserrcpts");
}

// When the text is about to come: from then on the message counts, whatever becomes of it.
std::optional<Answer> Session::use_up()
{
    const auto& auth = config().auth;
    const auto count = static_cast<std::uint32_t>(recipients_.size());
    if (auto answer = used_up("messages", 1, auth.max_messages)) return answer;
    if (auto answer = used_up("recipients", count, auth.max_recipients)) return answer;
    if (!auth_.done() || !around_.usage) return std::nullopt;
    const auto now = SystemClock().now();
    if (auth.max_messages > 0) around_.usage->use("messages", auth_.user, 1, 0, now);
    if (auth.max_recipients > 0) around_.usage->use("recipients", auth_.user, count, 0, now);
    return std::nullopt;
}

bool Session::mends() const
{
    return is_submission() && around_.peer.may_relay() && config().auth.fixups.any();
}

bool Session::completes_addresses() const
{
    return mends() && config().auth.fixups[FixupWord::domains];
}

// In the queue "postmaster" is as good as any.
std::string Session::completed(std::string address) const
{
    const bool bare = !address.empty() && address.find('@') == std::string::npos;
    if (bare && completes_addresses()) address += '@' + config().auth.default_host;
    return address;
}

FixupFacts Session::fixup_facts() const
{
    const auto now = SystemClock().now();
    FixupFacts facts;
    facts.words = config().auth.fixups;
    facts.host = config().auth.default_host;
    facts.id_host = config().me;
    facts.id = id_;
    facts.when = now;
    if (config().local_time) facts.zone_minutes = zone_minutes(now);
    if (!auth_.done()) return facts;
    facts.own = own_address(auth_.user, config().me);
    facts.is_his = [this](std::string_view address) {
        try {
            return config().auth.rights && config().auth.rights->allows(auth_.user, address);
        } catch (const DamagedTable&) {
            return false;
        }
    };
    return facts;
}

}
