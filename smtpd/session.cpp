#include "smtpd/session.hpp"

#include "base/net/loop.hpp"
#include "base/net/timer.hpp"
#include "base/text.hpp"
#include "queue/async_submission.hpp"
#include "smtpd/client_facts.hpp"
#include "smtpd/incoming_text.hpp"
#include "smtpd/log.hpp"
#include "smtpd/session_programs.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>

namespace grapnel::smtpd {

using namespace std::chrono_literals;
using net::asio::awaitable;

namespace {

constexpr std::size_t commands_a_turn = 16, output_limit = 8192;
constexpr std::chrono::seconds early_delay = 5s, last_words_limit = 2s;

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

// DATABYTES wins over the file; without digits it is 0, no limit.
std::uint64_t databytes(const Config& config, const Peer& peer)
{
    return peer.databytes ? leading_number(*peer.databytes).value_or(0) : config.databytes;
}

}

Extensions switched_on(const Surroundings& around)
{
    Extensions result = around.config->extensions_of(around.service.kind);
    if (around.has_checker || around.peer.auth_wish)
        result.apply(around.peer.auth_wish == "-" ? "-AUTH" : "+AUTH");
    if (around.peer.extensions) result.apply(words_of(*around.peer.extensions));
    return result;
}

Session::Session(net::Stream& stream, Surroundings surroundings)
    : stream_(stream),
      around_(std::move(surroundings)),
      lax_(lax_words(*around_.config, around_.peer)),
      extensions_(switched_on(around_)),
      databytes_(databytes(*around_.config, around_.peer)),
      policy_(*around_.config, around_.peer, lax_),
      allowance_(config().timeout, lax_[Lax::nolimits], around_.crowded, SteadyClock::now()),
      reader_(lax_[Lax::barelfcmd])
{
    may_xclient_ = config().xclients.contains(around_.peer.address);
    may_xforward_ = config().xforwards.contains(around_.peer.address);
    if (classic()) helo_ = around_.peer.host;
    look_at_circumstances();
    if (!config().plugins.empty() || around_.peer.rcpt_check)
        programs_ = std::make_unique<SessionPrograms>();
}

Session::~Session() = default;

// Those that depend on who the client is.
void Session::read_settings()
{
    lax_ = lax_words(config(), around_.peer);
    extensions_ = switched_on(around_);
    databytes_ = databytes(config(), around_.peer);
    look_at_circumstances();
}

void Session::shut_down()
{
    stopping_ = true;
    if (!receiving_ || asking_) stream_.interrupt();
}

void Session::hurry()
{
    const auto soon = SteadyClock::now() + allowance_.timeout();
    if (!leaving_ && soon < deadline_) wait_until(soon);
}

void Session::wait_until(SteadyClock::time_point deadline)
{
    deadline_ = deadline;
    stream_.expires_at(deadline);
}

// The one place where a session's exceptions end.
awaitable<bool> Session::run()
{
    log::connected(around_.name, around_.peer);
    silent_ = around_.service.tls_at_once;   // until he can read what we say
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
    leaving_ = true;
    if (farewell && !silent_) {
        try {
            stream_.resume();
            stream_.expires_after(5s);
            say(*farewell);
            co_await flush();
        } catch (const std::exception&) {
            // It does not listen either.
        }
    }
    sum_refusals();
    log::closed(around_.name, around_.peer, why_closed_);
    // Who has said QUIT says no more, so that a close can destroy nothing.
    const bool at_once = quit_ && !stream_.input_waiting();
    if ((farewell || closing_) && !at_once) co_await stream_.hang_up(last_words_limit);
    co_return quit_;
}

awaitable<void> Session::talk()
{
    if (around_.service.tls_at_once) {
        const bool secured = co_await secure();
        if (!secured) co_return;
    }
    const bool welcome = co_await greet();
    std::size_t turn = 0;
    while (welcome && !closing_) {
        auto line = co_await next_command();
        if (!line) co_return;
        Answer answer = answer_to(*line);
        if (auth_.exchange) {
            net::wipe_bytes(line->text);
            answer = co_await authenticate();
            if (silent_) co_return;
        }
        if (check_sender_) answer = co_await check_sender(std::move(answer));
        if (hastened_) answer = co_await hasten();
        if (!asked_domain_.empty()) answer = co_await check_domain(std::move(answer));
        if (programs_ && programs_->event) answer = co_await pass_programs(std::move(answer));
        if (silent_) co_return;
        if (asks_) answer = co_await consult(std::move(answer));
        if (step_ == Step::text_expected) answer = co_await receive();
        if (chunk_) answer = co_await receive_chunk(std::move(answer));
        if (silent_) co_return;
        if (just_greeted_) co_await after_helo();
        if (tarpit_ > 0s) co_await wait_in_tarpit();
        const bool last = answer.hang_up;
        for (auto more = std::max<std::size_t>(1, std::exchange(replies_, 1)); more > 0; --more) {
            say(answer);
            if (output_.size() > output_limit) co_await flush();
        }
        if (last) closing_ = true;
        if (tls_is_next_) {
            const bool secured = co_await secure();
            if (!secured) co_return;
        }
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
    co_await pause(delay);
    set_deadline();
    if (auto refusal = policy_.bad_client()) co_return co_await turn_away(std::move(*refusal));
    Answer banner(220, "", config().greeting + (is_lmtp() ? " LMTP" : " ESMTP"));
    have_judged(PluginEvent::connection);
    if (programs_ && programs_->event) {
        banner = co_await pass_programs(std::move(banner));
        if (silent_) co_return false;
        if (!banner.positive()) co_return co_await turn_away(std::move(banner));
    }
    bool early = talks_early();
    if (is_hooked(hooks::Stage::connect) && !(early && config().early_talk == EarlyTalk::refuse)) {
        const auto decision = co_await ask(hooks::Stage::connect, banner);
        banner = reply_by(decision, hooks::Stage::connect, std::move(banner));
        connection_.take(decision);
        early = talks_early();
    }
    if (early && config().early_talk == EarlyTalk::refuse) {
        why_closed_ = "early talker";
        Answer answer = Answer(554, "5.5.0", "you talk before I do (#5.5.0)").because("earlytalk");
        co_return co_await turn_away(std::move(answer.and_hang_up()));
    }
    if (!banner.positive()) co_return co_await turn_away(std::move(banner));
    if (early && config().early_talk == EarlyTalk::delay) co_await pause(early_delay);
    set_deadline();
    say(banner);
    co_return true;
}

bool Session::talks_early() const { return stream_.input_waiting() && !classic(); }

// Who is told so and not hung up on may say QUIT. RFC 5321 3.1.
awaitable<bool> Session::turn_away(Answer answer)
{
    log::refused(around_.name, around_.peer, "connect", "", answer);
    closing_ = answer.hang_up;
    barred_ = !closing_;
    if (closing_ && why_closed_.starts_with("end of")) why_closed_ = answer.why;
    say(answer);
    if (closing_) co_await flush();
    co_return barred_;
}

// A client may not talk on behind EHLO; only "delay" makes anything of it.
awaitable<void> Session::after_helo()
{
    just_greeted_ = false;
    if (config().early_talk == EarlyTalk::delay && !classic() && stream_.input_waiting())
        co_await pause(early_delay);
}

// Replies to what came before are not kept from him meanwhile.
awaitable<void> Session::wait_in_tarpit()
{
    co_await flush();
    co_await pause(std::exchange(tarpit_, 0s));
    set_deadline();
}

// Not longer than it takes to see that we are to end.
awaitable<void> Session::pause(std::chrono::seconds delay)
{
    for (; delay > 0s && !stopping_; delay -= 1s) co_await net::sleep_for(1s);
}

void Session::set_deadline()
{
    wait_until(allowance_.command_deadline(SteadyClock::now(), line_begun_));
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
        if (reader_.is_secret())
            net::wipe_bytes(stream_.buffered().substr(0, before - bytes.size()));
        stream_.consume(before - bytes.size());
        if (line) co_return line;
        if (reader_.inside_line() && !line_begun_) line_begun_ = SteadyClock::now();
        co_await flush();
        set_deadline();
        const bool more = co_await stream_.fill();
        if (!more) co_return std::nullopt;
    }
}

void Session::say(const Answer& answer)
{
    append(output_, answer, offered_.has(Extension::enhanced_status_codes) && !classic());
}

awaitable<void> Session::flush()
{
    held_back_ = {};
    if (output_.empty()) co_return;
    set_deadline();
    std::string now;
    now.swap(output_);
    co_await stream_.write(now, closing_ ? net::Stream::Then::close : net::Stream::Then::more);
}

}
