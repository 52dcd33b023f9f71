#include "smtpd/session.hpp"

#include "base/net/loop.hpp"
#include "base/net/timer.hpp"
#include "base/text.hpp"
#include "queue/async_submission.hpp"
#include "smtpd/log.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>

namespace grapnel::smtpd {

using namespace std::chrono_literals;
using net::asio::awaitable;

namespace {

constexpr std::size_t most_commands = 10000, most_faults = 20, commands_a_turn = 16,
                      most_logged_refusals = 20, output_limit = 8192;
constexpr std::chrono::seconds line_limit = 5min, crowded_limit = 10s, early_delay = 5s,
                               last_words_limit = 2s;

std::vector<std::string> words_of(const std::string& text)
{
    std::vector<std::string> result;
    std::string spaced = text;
    std::replace(spaced.begin(), spaced.end(), ',', ' ');
    for (const auto word : split(spaced, ' '))
        if (!word.empty()) result.emplace_back(word);
    return result;
}

LaxWords lax_words(const Config& config, const Peer& peer)
{
    return peer.lax ? LaxWords::parse(words_of(*peer.lax), true) : config.lax;
}

Extensions extensions(const Config& config, const Peer& peer)
{
    Extensions result = config.extensions;
    if (peer.extensions) result.apply(words_of(*peer.extensions));
    return result;
}

// DATABYTES wins over the file; without digits it is 0, no limit.
std::uint64_t databytes(const Config& config, const Peer& peer)
{
    return peer.databytes ? leading_number(*peer.databytes).value_or(0) : config.databytes;
}

}

// The table of the protocol. RFC 5321 4.1.1.
const std::array<Session::Verb, 16> Session::verbs{{
    {"HELO", &Session::helo, true},
    {"EHLO", &Session::ehlo, true},
    {"MAIL", &Session::mail, true},
    {"RCPT", &Session::rcpt, false},
    {"DATA", &Session::data, true},
    {"RSET", &Session::rset, true},
    {"NOOP", &Session::noop, true},
    {"QUIT", &Session::quit, true},
    {"VRFY", &Session::vrfy, true},
    {"EXPN", &Session::expn, true},
    {"HELP", &Session::help, true},
    {"SEND", &Session::obsolete, true},
    {"SOML", &Session::obsolete, true},
    {"SAML", &Session::obsolete, true},
    {"TURN", &Session::obsolete, true},
    {"BDAT", &Session::obsolete, true},
}};

Session::Session(net::Stream& stream, Surroundings surroundings)
    : stream_(stream),
      around_(std::move(surroundings)),
      lax_(lax_words(*around_.config, around_.peer)),
      offered_(extensions(*around_.config, around_.peer)),
      databytes_(databytes(*around_.config, around_.peer)),
      policy_(*around_.config, around_.peer, lax_),
      reader_(lax_[Lax::barelfcmd])
{
    if (classic()) helo_ = around_.peer.host;
}

Session::~Session() = default;

void Session::shut_down()
{
    stopping_ = true;
    if (!receiving_) stream_.interrupt();
}

// The one place where a session's exceptions end.
awaitable<bool> Session::run()
{
    log::connected(around_.name, around_.peer);
    std::optional<Answer> farewell;
    try {
        co_await talk();
    } catch (const net::TimedOut&) {
        farewell = classic() ? Answer(451, "", "timeout (#4.4.2)")
                             : Answer(421, "4.4.2", "timeout (#4.4.2)");
        why_closed_ = "timeout";
    } catch (const net::Interrupted&) {
        farewell = Answer(421, "4.3.2", "shutting down, try again (#4.3.2)");
        why_closed_ = "shutdown";
    } catch (const std::bad_alloc&) {
        farewell = Answer(421, "4.3.0", "out of memory (#4.3.0)");
        why_closed_ = "out of memory";
    } catch (const std::system_error& error) {
        why_closed_ = error.what();
    }
    if (farewell && !silent_) {
        try {
            stream_.resume();
            stream_.expires_after(5s);
            co_await say(std::move(*farewell));
            co_await flush();
        } catch (const std::exception&) {
            // It does not listen either.
        }
    }
    sum_refusals();
    log::closed(around_.name, around_.peer, why_closed_);
    if (farewell || closing_) co_await stream_.hang_up(last_words_limit);
    co_return quit_;
}

awaitable<void> Session::talk()
{
    const bool welcome = co_await greet();
    std::size_t turn = 0;
    while (welcome && !closing_) {
        auto line = co_await next_command();
        if (!line) co_return;
        Answer answer = answer_to(*line);
        if (step_ == Step::text_expected) answer = co_await receive();
        if (silent_) co_return;
        if (just_greeted_) co_await after_helo();
        const bool last = answer.hang_up;
        co_await say(std::move(answer));
        if (last) closing_ = true;
        if (stopping_ && !closing_) throw net::Interrupted();
        if (++turn % commands_a_turn == 0) co_await net::yield_turn();
    }
    co_await flush();
}

awaitable<bool> Session::greet()
{
    auto delay = config().greet_delay;
    if (around_.peer.greet_delay)
        delay = std::chrono::seconds(
            std::min<std::uint64_t>(leading_number(*around_.peer.greet_delay).value_or(0), 300));
    if (delay > 0s) co_await net::sleep_for(delay);
    set_deadline();
    const bool early = stream_.input_waiting() && !classic();
    if (early && config().early_talk == EarlyTalk::refuse) {
        Answer answer(554, "5.5.0", "you talk before I do (#5.5.0)");
        why_closed_ = "early talker";
        log::refused(around_.name, around_.peer, "connect", "", answer.because("earlytalk"));
        co_await say(std::move(answer));
        co_await flush();
        closing_ = true;
        co_return false;
    }
    if (early && config().early_talk == EarlyTalk::delay) co_await net::sleep_for(early_delay);
    set_deadline();
    co_await say(Answer(220, "", config().greeting + " ESMTP"));
    co_return true;
}

// A client may not talk on behind EHLO; only "delay" makes anything of it.
awaitable<void> Session::after_helo()
{
    just_greeted_ = false;
    if (config().early_talk == EarlyTalk::delay && !classic() && stream_.input_waiting())
        co_await net::sleep_for(early_delay);
}

// The wait for a command, a line once begun, and the whole session each have their end.
void Session::set_deadline()
{
    const auto now = SteadyClock::now();
    const auto patience = crowded()
                              ? std::min<SteadyClock::duration>(config().timeout, crowded_limit)
                              : SteadyClock::duration(config().timeout);
    auto deadline = std::min(now + patience, transaction_ended_ + session_limit);
    if (line_begun_) deadline = std::min(deadline, *line_begun_ + line_limit);
    stream_.expires_at(deadline);
}

// Replies wait until no complete command is left, so that a group of commands gets one packet (RFC
// 2920).
awaitable<std::optional<CommandLine>> Session::next_command()
{
    line_begun_.reset();
    for (;;) {
        auto bytes = stream_.buffered();
        const auto before = bytes.size();
        auto line = reader_.take(bytes);
        stream_.consume(before - bytes.size());
        if (line) co_return line;
        if (reader_.inside_line() && !line_begun_) line_begun_ = SteadyClock::now();
        co_await flush();
        set_deadline();
        const bool more = co_await stream_.fill();
        if (!more) co_return std::nullopt;
    }
}

awaitable<void> Session::say(Answer answer)
{
    output_ += encode(answer, offered_.has(Extension::enhanced_status_codes) && !classic());
    if (output_.size() > output_limit) co_await flush();
}

awaitable<void> Session::flush()
{
    if (output_.empty()) co_return;
    set_deadline();
    std::string now;
    now.swap(output_);
    co_await stream_.write(now);
}

Answer Session::answer_to(const CommandLine& line)
{
    if (line.fault != CommandLine::Fault::none) {
        Answer answer = line_fault(line.fault);
        note_refusal("line", "", answer);
        count_fault(answer);
        return answer;
    }
    return command(split_command(line.text));
}

Answer Session::line_fault(CommandLine::Fault fault) const
{
    if (fault == CommandLine::Fault::bare)
        return Answer(500, "5.5.2",
                      "a line ends in CR LF and holds no other CR, LF or NUL (#5.5.2)")
            .because("bare");
    Answer answer(500, "5.5.2", "line too long (#5.5.2)");
    if (fault == CommandLine::Fault::hopeless)
        answer = Answer(421, "4.7.0", "line too long (#4.7.0)").and_hang_up();
    return answer.because("line length");
}

// What cannot be read is a table of ours, and no reason to hang up without a word.
Answer Session::answer_by(const Verb& verb, std::string_view argument)
{
    try {
        return (this->*verb.handle)(argument);
    } catch (const std::system_error& error) {
        why_closed_ = error.what();
        return Answer(421, "4.3.0", "unable to read controls (#4.3.0)").and_hang_up();
    }
}

Answer Session::command(const Command& command)
{
    const auto verb = std::find_if(verbs.begin(), verbs.end(), [&](const Verb& candidate) {
        return equal_ignoring_case(candidate.word, command.verb);
    });
    const bool known = verb != verbs.end() && verb->word != "BDAT";
    if ((!known || verb->counts) && ++commands_ > most_commands && !lax_[Lax::nolimits])
        return Answer(421, "4.7.0", "too many commands (#4.7.0)").and_hang_up();
    Answer answer;
    const auto argument = classic() ? command.argument : trim_right(command.argument);
    if (known)
        answer = answer_by(*verb, argument);
    else if (verb != verbs.end() || classic())
        answer = obsolete(argument);
    else
        answer = Answer(500, "5.5.2", "unrecognized command (#5.5.2)");
    if (answer.positive()) return answer;
    note_refusal(known ? lower(verb->word) : "command", known ? argument : command.verb, answer);
    count_fault(answer);
    return answer;
}

// Recipients that are refused cost a client nothing: they do not fill our disk with log lines.
void Session::note_refusal(std::string_view what, std::string_view argument, const Answer& answer)
{
    if (++refusals_ <= most_logged_refusals)
        log::refused(around_.name, around_.peer, what, argument, answer);
}

// At the end of a transaction and of the session.
void Session::sum_refusals()
{
    if (refusals_ > most_logged_refusals)
        log::more_refused(around_.name, around_.peer, refusals_ - most_logged_refusals);
    refusals_ = 0;
}

// Only what a client does wrong counts, not what our policy refuses.
void Session::count_fault(Answer& answer)
{
    const bool fault = (answer.code >= 500 && answer.code <= 504) || answer.code == 555;
    if (!fault || answer.hang_up || lax_[Lax::nolimits]) return;
    if (++faults_ < (crowded() ? 2 : most_faults)) return;
    answer = Answer(421, "4.7.0", "too many errors (#4.7.0)").and_hang_up();
    why_closed_ = "too many errors";
}

Answer Session::rset(std::string_view argument)
{
    if (!argument.empty() && !classic())
        return Answer(501, "5.5.4", "RSET takes no argument (#5.5.4)");
    forget_transaction();
    return Answer(250, "2.0.0", "flushed");
}

Answer Session::noop(std::string_view) { return Answer(250, "2.0.0", "ok"); }

Answer Session::quit(std::string_view argument)
{
    if (!argument.empty() && !classic())
        return Answer(501, "5.5.4", "QUIT takes no argument (#5.5.4)");
    quit_ = true;
    why_closed_ = "quit";
    return Answer(221, "2.0.0", config().greeting).and_hang_up();
}

Answer Session::vrfy(std::string_view argument)
{
    if (argument.empty() && !classic())
        return Answer(501, "5.5.4", "VRFY needs an argument (#5.5.4)");
    return Answer(252, "2.5.2", "send some mail, i'll try my best");
}

Answer Session::expn(std::string_view)
{
    if (lax_[Lax::expn502]) return Answer(502, "5.5.1", "unimplemented (#5.5.1)");
    return Answer(252, "2.5.2", "lists are not shown; send some mail, i'll try my best");
}

Answer Session::help(std::string_view)
{
    if (classic()) return Answer(214, "", "notqmail home page: https://notqmail.org");
    if (!offered_.has(Extension::help)) return Answer(502, "5.5.1", "unimplemented (#5.5.1)");
    return Answer(214, "2.0.0", "RFC 5321; for people: postmaster");
}

Answer Session::obsolete(std::string_view)
{
    return Answer(502, "5.5.1", "unimplemented (#5.5.1)");
}

}
