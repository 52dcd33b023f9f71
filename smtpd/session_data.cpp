// DATA: the text goes to the queue as it arrives, and one reply says what became of it.
#include "smtpd/session.hpp"

#include "base/sys/clock.hpp"
#include "base/text.hpp"
#include "queue/async_submission.hpp"
#include "smtpd/incoming_text.hpp"
#include "smtpd/log.hpp"
#include "smtpd/queue_load.hpp"
#include "smtpd/received.hpp"
#include "smtpd/zone.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

namespace grapnel::smtpd {

using namespace std::chrono_literals;
using net::asio::awaitable;

namespace {

// The code in "words (#4.3.0)", as qmail writes it.
std::string code_in(std::string_view text, std::string_view otherwise)
{
    const auto open = text.rfind("(#");
    if (open == std::string_view::npos || !text.ends_with(')')) return std::string(otherwise);
    const auto code = text.substr(open + 2, text.size() - open - 3);
    const bool fits = code.size() >= 5 && code[0] == otherwise[0] &&
                      code.find_first_not_of("0123456789.") == std::string_view::npos;
    return std::string(fits ? code : otherwise);
}

}

DataRules Session::data_rules(bool chunks) const
{
    DataRules rules;
    rules.chunks = chunks;
    rules.binary = binary_;
    if (lax_[Lax::barelffix]) {
        rules.bare_lf = BareLf::line_end;
        rules.bare_cr = BareCr::blank;
    } else if (lax_[Lax::barelf451] && !chunks) {
        rules.bare_lf = BareLf::stop;
    }
    if (lax_[Lax::barecr]) rules.bare_cr = BareCr::keep;
    rules.max_bytes = databytes_;
    if (smallest_limit_ < std::numeric_limits<std::uint64_t>::max())
        rules.max_bytes = databytes_ > 0 ? std::min(databytes_, smallest_limit_) : smallest_limit_;
    rules.max_line = lax_[Lax::nolimits] ? 0 : config().max_line;
    rules.max_hops = config().max_hops;
    rules.refuse_nul_in_header = !lax_[Lax::controls];
    return rules;
}

std::string Session::trace_field() const
{
    const auto now = SystemClock().now();
    if (lax_[Lax::received])
        return classic_received_field(around_.peer, helo_, now) + plugin_headers();
    const auto word = protocol();
    Reception reception{.helo = helo_, .by = config().me, .protocol = word, .id = id_};
    reception.utf8 = utf8_;
    reception.priority = priority_;
    if (is_in_tls()) {
        const auto& tls = stream_.tls()->facts();
        reception.tls = tls.cipher + " (" + tls.version + ')';
    }
    if (recipients_.size() == 1) reception.only_recipient = first_recipient_;
    reception.when = now;
    if (config().local_time) reception.zone_minutes = zone_minutes(now);
    return received_field(around_.peer, reception) + plugin_headers();
}

std::string Session::protocol() const
{
    return protocol_word({.lmtp = is_lmtp(),
                          .extended = extended_,
                          .utf8 = utf8_,
                          .tls = is_in_tls(),
                          .authenticated = auth_.done()});
}

Envelope Session::envelope() const
{
    Envelope envelope{sender_, recipients_};
    auto& records = envelope.extensions.message;
    const bool held = message_.fate == Fate::held;
    if (!classic() || held) records.set("id", id_);
    if (held) records.set("held", message_.by);
    for (const auto& [name, value] : wishes_.records()) records.set(name, value);
    envelope.extensions.recipients = recipient_wishes_;
    if (around_.hooks) record_wishes(envelope);
    if (classic()) return envelope;
    if (!lax_[Lax::received]) records.set("received", std::to_string(SystemClock().now()));
    records.set("with", protocol());
    if (around_.peer.address) records.set("ip", around_.peer.address->text());
    if (around_.peer.host != "unknown")
        records.set("ptr", around_.peer.host.substr(0, longest_extension_value));
    if (!helo_.empty()) records.set("helo", helo_);
    if (auth_.done()) records.set("user", auth_.user);
    return envelope;
}

Answer Session::answer_to_trouble(DataReader::Trouble trouble) const
{
    switch (trouble) {
    case DataReader::Trouble::bare:
        return Answer(
                   550, "5.6.0",
                   "bare CR or LF in the message, see https://cr.yp.to/docs/smtplf.html (#5.6.0)")
            .because("bare");
    case DataReader::Trouble::looping:
        return Answer(554, "5.4.6", "too many hops, this message is looping (#5.4.6)")
            .because("maxhops");
    case DataReader::Trouble::too_big:
        return Answer(552, "5.3.4", "sorry, that message size exceeds my databytes limit (#5.3.4)")
            .because("databytes");
    case DataReader::Trouble::line_too_long:
        return Answer(554, "5.6.0", "a line of the message is too long (#5.6.0)")
            .because("maxline");
    case DataReader::Trouble::nul_in_header:
        return Answer(554, "5.6.0", "NUL in the header of the message (#5.6.0)").because("nul");
    case DataReader::Trouble::none:
        break;
    }
    return Answer(451, "4.3.0", "unexpected trouble (#4.3.0)");
}

Answer Session::answer_to_queue(const Result<>& result, std::uint64_t bytes, pid_t process)
{
    if (!result) return answer_to_failure(result.error());
    const bool held = message_.fate == Fate::held;
    log::queued(around_.name, around_.peer, id_, process, bytes, recipients_.size(),
                held ? message_.by : "");
    return taken(process);
}

Answer Session::taken(pid_t process) const
{
    std::string text =
        "ok " + std::to_string(SystemClock().now()) + " qp " + std::to_string(process);
    if (!classic()) text += " id " + id_;
    return Answer(250, "2.0.0", text);
}

Answer Session::answer_to_failure(const Failure& failure) const
{
    if (failure.retry == Retry::never)
        return Answer(554, code_in(failure.text, "5.3.0"), failure.text).because("queue");
    Answer answer(451, code_in(failure.text, "4.3.0"), failure.text);
    if (classic()) return answer.because("queue");
    if (failure.text.starts_with("qq write error or disk full")) answer.enhanced = "4.3.1";
    if (answer.enhanced == "4.3.1") answer.code = 452;   // RFC 5321 4.2.2: insufficient storage
    return answer.because("queue");
}

// False: the client has left.
awaitable<bool> Session::more_text(Patience& patience)
{
    const auto begun = SteadyClock::now();
    wait_until(allowance_.text_deadline(begun, patience));
    const bool more = co_await stream_.fill();
    patience.waited(SteadyClock::now() - begun);
    co_return more;
}

// Reads to the true end whatever happens; what cannot be kept is no longer stored. nullopt: it came
// to that end.
awaitable<std::optional<Answer>> Session::read_text()
{
    auto& reader = text_->reader();
    QueueLoad::Held held(around_.load);
    Patience patience;
    auto state = DataReader::State::more;
    for (;;) {
        auto bytes = stream_.buffered();
        const auto before = bytes.size();
        state = reader.take(bytes, text_->text());
        held.set(text_->text().capacity());
        patience.received(before - bytes.size());
        stream_.consume(before - bytes.size());
        if (state != DataReader::State::more) break;
        if (reader.trouble() == DataReader::Trouble::none) co_await text_->pass_on();
        const bool more = co_await more_text(patience);
        if (!more) {
            closing_ = silent_ = true;
            why_closed_ = "end of input in a message";
            co_return Answer(451, "4.4.2", "message cut short (#4.4.2)");
        }
    }
    replies_ = replies_to_text();
    if (state == DataReader::State::stopped)
        co_return Answer(451, "4.6.0", "See https://cr.yp.to/docs/smtplf.html.")
            .because("bare")
            .and_hang_up();
    co_return std::nullopt;
}

// Where it is to go. nullopt: it may come.
awaitable<std::optional<Answer>> Session::begin_text(bool chunks)
{
    auto text = std::make_unique<IncomingText>(data_rules(chunks));
    const bool unwanted = message_.fate == Fate::dropped || recipients_.empty();
    if (!unwanted && is_hooked(hooks::Stage::data)) {
        text->go_to(MessageSpool(around_.spool));
    } else if (!unwanted) {
        auto submission = co_await start_submission();
        if (!submission)
            co_return Answer(451, "4.3.0", "qqt failure (#4.3.0)").because(submission.error().text);
        text->go_to(std::move(*submission));
        text->text() += trace_field();
    }
    if (!unwanted && mends()) text->mend(fixup_facts());
    text_ = std::move(text);
    co_return std::nullopt;
}

// All of it is there.
awaitable<Answer> Session::end_text()
{
    const auto& reader = text_->reader();
    if (reader.trouble() != DataReader::Trouble::none)
        co_return answer_to_trouble(reader.trouble());
    if (reader.needs_no_tls() && !classic() && !wishes_.find("requiretls"))
        wishes_.set("tls-required", "no");
    const bool mended = co_await text_->finish();
    if (!mended)
        co_return Answer(554, "5.6.0", "the header of the message is too long (#5.6.0)")
            .because("header");
    if (text_->spool()) co_return co_await have_text_looked_at();
    if (auto* submission = text_->submission())
        co_return co_await submit(*submission, reader.bytes());
    co_return dropped(reader.bytes());
}

awaitable<Answer> Session::submit(queue::AsyncSubmission& submission, std::uint64_t bytes)
{
    const Envelope all = envelope();
    // How long a program of the operator's takes says nothing of the disk.
    const bool ours = around_.queued && !around_.peer.has_queue_program();
    const QueueLoad::Commit commit(ours ? around_.load : nullptr);
    const auto result = co_await submission.finish(all);
    co_return answer_to_queue(result, bytes, submission.pid());
}

awaitable<void> Session::go_ahead()
{
    say(Answer(354, "", "go ahead"));
    co_await flush();
}

awaitable<Answer> Session::receive()
{
    receiving_ = true;
    Answer answer;
    if (stream_.input_waiting() && !classic() && config().early_talk == EarlyTalk::refuse) {
        answer = Answer(554, "5.5.0", "you talk before I do (#5.5.0)")
                     .because("earlytalk")
                     .and_hang_up();
        why_closed_ = "early talker";
    } else {
        auto trouble = co_await begin_text(false);
        if (!trouble) {
            co_await go_ahead();
            trouble = co_await read_text();
        }
        if (trouble)
            answer = std::move(*trouble);
        else
            answer = co_await end_text();
    }
    receiving_ = false;
    forget_programs();
    if (!answer.positive()) log::refused(around_.name, around_.peer, "data", id_, answer);
    forget_transaction();
    allowance_.end_transaction(SteadyClock::now());
    co_return answer;
}

awaitable<Result<queue::AsyncSubmission>> Session::start_submission()
{
    const auto& peer = around_.peer;
    auto variables = peer.variables();
    const bool own_program = set_by_plugins(variables) || peer.has_queue_program();
    if (around_.queued && !own_program)
        if (auto submission = queue::AsyncSubmission::begin(*around_.queued))
            co_return std::move(*submission);
    try {
        co_return co_await queue::AsyncSubmission::start(around_.helper, std::move(variables));
    } catch (const std::system_error& error) {
        co_return temporary(error.what());
    }
}

}
