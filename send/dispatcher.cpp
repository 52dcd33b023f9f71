#include "send/dispatcher.hpp"

#include "send/broken.hpp"
#include "send/queue_view.hpp"
#include "send/recipient_state.hpp"
#include "send/wishes.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace asio = boost::asio;

namespace {
constexpr unsigned records_a_turn = 256;
constexpr Due longest_sleep = 86'400'000;
constexpr unsigned most_holders = 8, most_hasteners = 64;

bool is_ours(uid_t user) { return user == 0 || user == ::geteuid(); }
}

Dispatcher::Dispatcher(net::Loop& loop, Connections connections, Config config, Scanners& scanners,
                       const Clock& clock, const queue::Spool& spool, Log& log)
    : loop_(loop),
      config_(std::move(config)),
      scanners_(scanners),
      spool_(spool),
      log_(log),
      helper_(std::move(connections.helper)),
      agenda_(clock),
      timer_(loop.executor()),
      signals_(loop.executor(), {SIGTERM, SIGHUP, SIGALRM}),
      marks_(spool, flusher_),
      local_(loop.executor(), queue::Channel::local, std::move(connections.to_local),
             std::move(connections.from_local), connections.local_limit, [this] { timer_.call(); }),
      remote_(loop.executor(), queue::Channel::remote, std::move(connections.to_remote),
              std::move(connections.from_remote), connections.remote_limit,
              [this] { timer_.call(); }),
      cleaner_(loop.executor(), std::move(connections.to_clean), std::move(connections.from_clean)),
      records_(spool, flusher_, marks_, log),
      hook_calls_(
          loop.executor(), scanners.client(), [this] { return scanners_.subscriptions(); }, agenda_,
          log, [this] { timer_.call(); }),
      review_(hook_calls_, spool, agenda_, config_, log),
      notice_review_(loop.executor(), hook_calls_, spool, agenda_, config_, log),
      notice_sender_(loop.executor(), spool, notice_review_, helper_.get()),
      interim_({spool, agenda_, records_}, notice_sender_, config_, log, [this] { timer_.call(); }),
      results_(spool, agenda_, marks_, records_, first_, config_, log,
               [this](queue::MessageNumber n, std::vector<Outcome> delayed) {
                   interim_.add(n, std::move(delayed));
               }),
      deliveries_(local_, remote_, spool, agenda_, records_, results_, review_, config_, log),
      intake_({spool, flusher_, agenda_, marks_, cleaner_}, config_.routing, first_, deliveries_,
              log, [this] { timer_.call(); }),
      finishing_({spool, agenda_, marks_, records_, cleaner_, interim_}, notice_sender_, config_,
                 log, [this] { timer_.call(); }),
      todo_scan_(loop.executor(), intake_, log, [this] { timer_.call(); }),
      mess_scan_(spool, agenda_, marks_, intake_, finishing_, log),
      hold_desk_(loop.executor(), std::move(connections.hold_desk), most_holders, is_ours,
                 [this](std::string line) { return hold_reply(std::move(line)); }),
      hastening_(loop.executor(), {spool, agenda_, records_, first_, deliveries_, log},
                 [this] { timer_.call(); }),
      hasten_desk_(
          loop.executor(), std::move(connections.hasten_desk), most_hasteners,
          [network = connections.network_user](uid_t user) {
              return user == network || is_ours(user);
          },
          [this](std::string line) { return hastening_.reply(std::move(line)); })
{
    local_.send_records(connections.local_records);
    remote_.send_records(connections.remote_records);
}

int Dispatcher::run()
{
    enlist_all(spool_, agenda_, log_);
    deliveries_.log_status();
    start(signals());
    start(reports(local_));
    start(reports(remote_));
    start(local_.commands());
    start(remote_.commands());
    start(clean_answers());
    start(watch_helper());
    start(cleaner_.requests());
    start(todo_scan_.run());
    start(todo_scan_.watch_trigger());
    start(mess_scan_.run());
    start(hold_desk_.run());
    start(hastening_.run());
    start(hasten_desk_.run());
    start(work());
    loop_.run();
    return exit_code_;
}

// A part that fails takes the program down in order: what runs is waited for.
void Dispatcher::start(asio::awaitable<void> part)
{
    net::start(loop_.executor(), std::move(part), [this](std::exception_ptr trouble) {
        if (!trouble) return;
        try {
            std::rethrow_exception(trouble);
        } catch (const Broken& error) {
            fail(error.what());
        } catch (const std::system_error& error) {
            if (error.code().value() != ECANCELED && error.code().value() != EPIPE)
                fail(error.what());
        } catch (const std::exception& error) {
            fail(error.what());
        }
    });
}

asio::awaitable<void> Dispatcher::work()
{
    while (!may_exit()) {
        step();
        if (may_exit()) break;
        const auto moment = agenda_.moment_of(next_due());
        co_await timer_.wait_until(moment);
    }
    deliveries_.write_held(true);
    write_first_attempts();
    flush();
    co_await last_answers();
    save_times(spool_, agenda_, log_);
    log_.exiting();
    loop_.stop();
}

// qmail-clean is still removing what the last flush allowed.
asio::awaitable<void> Dispatcher::last_answers()
{
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (bool late = false; !late && cleaner_.is_alive() && !cleaner_.is_idle();)
        late = co_await timer_.wait_until(limit);
}

void Dispatcher::step()
{
    try {
        more_ = false;
        if (!broken_) intake_.try_waiting();
        for (unsigned i = 0; i < records_a_turn && (more_ = deliveries_.advance()); ++i) continue;
        deliveries_.write_held(false);
        if (agenda_.unknown.is_due(agenda_.now()))
            enlist(agenda_.unknown.take().message, spool_, agenda_, log_);
        if (!broken_) intake_.settle();
        hook_calls_.hand_out();
        if (!broken_ && !ending_) interim_.begin_due();
        if (!broken_) finishing_.begin_due();
        const auto due = flush_due();
        if (due && (*due <= agenda_.now() || marks_.is_full())) flush();
    } catch (const Broken& error) {
        fail(error.what());
    }
}

void Dispatcher::write_first_attempts()
{
    try {
        if (!broken_) intake_.write_all();
    } catch (const Broken& error) {
        fail(error.what());
    }
}

std::optional<Due> Dispatcher::flush_due() const
{
    const auto records = records_.flush_due(), marks = marks_.flush_due();
    return records && marks ? std::min(records, marks) : records ? records : marks;
}

void Dispatcher::flush()
{
    if (broken_ || !flush_due()) return;
    try {
        records_.flush(agenda_.now());
        if (marks_.flush_due()) finishing_.remove(marks_.flush());
    } catch (const Broken& error) {
        fail(error.what());
    }
}

Due Dispatcher::next_due() const
{
    const auto now = agenda_.now();
    Due next = more_ ? now : now + longest_sleep;
    if (const auto due = deliveries_.next_due()) next = std::min(next, *due);
    if (const auto due = hook_calls_.next_due()) next = std::min(next, *due);
    if (const auto due = interim_.next_due(); due && !broken_ && !ending_)
        next = std::min(next, *due);
    if (const auto due = flush_due(); due && !broken_) next = std::min(next, *due);
    if (const auto due = intake_.next_due(); due && !broken_) next = std::min(next, *due);
    if (!agenda_.unknown.empty()) next = std::min(next, agenda_.unknown.first().due);
    if (!agenda_.done.empty() && finishing_.has_room() && !broken_)
        next = std::min(next, agenda_.done.first().due);
    return next;
}

bool Dispatcher::may_exit() const
{
    if (!ending_ || !deliveries_.all_ended() || !hook_calls_.is_idle() || !finishing_.is_idle() ||
        !todo_scan_.is_idle() || !interim_.is_idle())
        return false;
    return broken_ || (intake_.is_idle() && !agenda_.done.is_due(agenda_.now()));
}

asio::awaitable<void> Dispatcher::signals()
{
    for (;;) {
        const int number = co_await signals_.next();
        if (number == SIGTERM) begin_end();
        if (number == SIGHUP) reread();
        if (number == SIGALRM) deliveries_.make_all_due();
        timer_.call();
    }
}

asio::awaitable<void> Dispatcher::reports(Channel& channel)
{
    try {
        co_await channel.reports([this, &channel](const queue::Report& report) {
            try {
                deliveries_.report(channel.kind(), report);
            } catch (const Broken& error) {
                fail(error.what());
            }
            timer_.call();
        });
    } catch (const std::system_error&) {
        // As lost as at its end of file.
    }
    channel.lost();
    log_.alert("oh no! lost spawn connection! dying...");
    begin_end();
}

asio::awaitable<void> Dispatcher::clean_answers()
{
    try {
        co_await cleaner_.answers();
    } catch (const std::system_error&) {
        // As lost as at its end of file.
    }
    cleaner_.lost();
    log_.alert("oh no! lost qmail-clean connection! dying...");
    begin_end();
}

// It never speaks without a question, and these have descriptors of their own.
asio::awaitable<void> Dispatcher::watch_helper()
{
    co_await net::readable(helper_.get());
    log_.alert("oh no! lost the submission helper! dying...");
    begin_end();
}

void Dispatcher::reread()
{
    const auto unreadable = reread_routing(Control(), config_.routing);
    if (!unreadable.empty()) log_.alert("unable to reread " + unreadable);
    scanners_.reread();
}

asio::awaitable<std::string> Dispatcher::hold_reply(std::string line)
{
    const auto request = decode_hold_request(line);
    co_return encode_hold_answer(request ? obey(*request)
                                         : grapnel::Result<>(permanent("no such request")));
}

// The answer is given when it is on disk.
grapnel::Result<> Dispatcher::obey(const HoldRequest& request)
{
    if (ending_) return temporary("qmail-send is ending");
    const auto n = request.message;
    const auto now = agenda_.now();
    const auto* info = records_.read(n);
    if (!info || is_silent(*info) || !is_held(*info, agenda_.wall_now()))
        return permanent("is not held");
    if (request.kind == HoldRequest::Kind::cancel) {
        deliveries_.cancel(n);
    } else {
        const auto time = std::to_string(agenda_.wall_now());
        records_.change(n, now, [&](queue::Info& held) { held.message.set("hold-until", time); });
        agenda_.local.hasten(n, now);
        agenda_.remote.hasten(n, now);
    }
    log_.hold_ended(n, request.kind == HoldRequest::Kind::cancel ? "cancelled" : "released");
    flush();
    timer_.call();
    if (broken_ || !records_.is_on_file(n)) return temporary("done, but it is not on disk yet");
    return {};
}

void Dispatcher::begin_end()
{
    ending_ = true;
    deliveries_.end();
    intake_.end();
    todo_scan_.end();
    hook_calls_.end();
    timer_.call();
}

void Dispatcher::fail(const std::string& what)
{
    if (!broken_) log_.alert("oh no! " + what + "! dying...");
    broken_ = true;
    exit_code_ = 111;
    results_.give_up_flushing();
    begin_end();
}

}
