#include "hooks/chain/chain.hpp"

#include "base/sys/log.hpp"
#include "hooks/chain/chain_decision.hpp"
#include "hooks/chain/log.hpp"
#include "hooks/codec/serialization.hpp"
#include "hooks/edits/apply.hpp"
#include "hooks/filter/filter.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace {

using net::SteadyClock;
using std::chrono::milliseconds;

constexpr std::size_t most_logged_edits = 10;   // of one call
constexpr std::chrono::seconds longest_apply{10};

// C68.
std::chrono::seconds limit_of(Stage stage)
{
    return std::chrono::seconds(stage == Stage::data ? 240 : 60);
}

class Chain {
public:
    Chain(ChainSurroundings around, Facts facts, std::optional<Message> message)
        : around_(std::move(around)), course_(std::move(facts), std::move(message)), began_(now())
    {
    }

    const std::vector<std::shared_ptr<Scanner>>& scanners() const { return around_.scanners; }
    net::asio::awaitable<void> ask(Scanner& scanner);
    bool ended() const { return course_.ended; }
    Decision decide();

private:
    SteadyClock::time_point now() const
    {
        return around_.steady ? around_.steady() : SteadyClock::now();
    }
    Stage stage() const { return course_.facts.stage; }
    const Message* message() const { return course_.message ? &*course_.message : nullptr; }
    log::Place place(const Scanner& scanner) const;
    void say(const std::string& line) const;

    bool is_wanted(const Scanner& scanner) const;
    net::asio::awaitable<CallOutcome> call(Scanner& scanner);
    net::asio::awaitable<log::Ending> judge(Scanner& scanner, const CallOutcome& outcome);
    net::asio::awaitable<log::Ending> take(Scanner& scanner, const CallOutcome& outcome);
    log::Ending fail(const Scanner& scanner, CallEnding kind, const std::string& why);
    void note(const Scanner& scanner, const CallOutcome& outcome, const log::Ending& ending);

    ChainSurroundings around_;
    Course course_;
    SteadyClock::time_point began_;
    std::string why_;                  // of the ending that is noted
    std::vector<FailedEdit> failed_;   // of the answer that is noted
};

log::Place Chain::place(const Scanner& scanner) const
{
    const auto& queue = course_.facts.queue;
    return {scanner.settings().name, stage(), queue ? std::string_view(queue->id) : ""};
}

void Chain::say(const std::string& line) const
{
    if (around_.log)
        around_.log(line);
    else
        log_line_now(2, line);
}

bool Chain::is_wanted(const Scanner& scanner) const
{
    const auto& settings = scanner.settings();
    const auto agreement = scanner.agreement();
    if (!settings.stages.has(stage()) || (agreement && !agreement->stages.has(stage())))
        return false;
    const auto filter = Filter::parse(settings.filter);
    return !filter || filter->matches(course_.facts, message());
}

net::asio::awaitable<CallOutcome> Chain::call(Scanner& scanner)
{
    const auto left = std::chrono::floor<milliseconds>(began_ + limit_of(stage()) - now());
    if (left <= milliseconds(0)) {
        CallOutcome outcome;
        outcome.why = "timeout";
        co_return outcome;
    }
    MakeBody body = [this](const Agreement& agreement) {
        const bool inbound = direction(stage()) == Direction::inbound;
        return std::make_shared<const RequestBody>(
            agreement.serialization, course_.facts, message(),
            inbound ? agreement.inbound : agreement.outbound);
    };
    auto outcome =
        co_await scanner.call(stage(), message() ? message()->size() : 0, std::move(body), left);
    co_return outcome;
}

net::asio::awaitable<void> Chain::ask(Scanner& scanner)
{
    if (!is_wanted(scanner)) co_return;
    const auto before = course_.facts.action;
    failed_.clear();
    const auto outcome = co_await call(scanner);
    auto ending = co_await judge(scanner, outcome);
    ending.before = before;
    ending.after = course_.facts.action;
    note(scanner, outcome, ending);
}

// What became of the call; afterwards the policy for it has been followed.
net::asio::awaitable<log::Ending> Chain::judge(Scanner& scanner, const CallOutcome& outcome)
{
    using Kind = CallOutcome::Kind;
    if (outcome.kind == Kind::no_change) co_return log::Ending{CallEnding::no_change};
    if (outcome.kind == Kind::malformed)
        co_return fail(scanner, CallEnding::malformed, outcome.why);
    if (outcome.kind == Kind::oversize) co_return fail(scanner, CallEnding::oversize, outcome.why);
    if (outcome.kind == Kind::failure) {
        const bool breaker = outcome.why == "breaker";
        co_return fail(scanner, breaker ? CallEnding::breaker : CallEnding::failure, outcome.why);
    }
    if (!outcome.agreement) co_return fail(scanner, CallEnding::failure, "no agreement");
    const auto ending = co_await take(scanner, outcome);
    co_return ending;
}

net::asio::awaitable<log::Ending> Chain::take(Scanner& scanner, const CallOutcome& outcome)
{
    auto operations = decode_response(outcome.agreement->serialization, outcome.answer);
    if (!operations) {
        scanner.blame();
        co_return fail(scanner, CallEnding::malformed, operations.error().text);
    }
    if (operations->unknown_members && around_.metrics &&
        around_.metrics->first_odd_answer(scanner.settings().name, outcome.agreement->id))
        say(log::odd_answer(place(scanner), outcome));
    if (operations->list.empty()) co_return log::Ending{CallEnding::no_change};

    AnswerRules rules{outcome.agreement, scanner.settings().allow_downgrade,
                      scanner.settings().relay_recipients, around_.may_add,
                      SteadyClock::now() + longest_apply};
    auto applied = co_await apply_answer(std::move(operations->list), std::move(rules),
                                         course_.facts, course_.message);
    using Verdict = Applied::Verdict;
    if (applied.verdict != Verdict::done) scanner.blame();
    if (applied.verdict == Verdict::too_slow)
        co_return fail(scanner, CallEnding::failure, "the edits took too long");
    if (applied.verdict == Verdict::malformed)
        co_return fail(scanner, CallEnding::malformed, applied.why);
    if (applied.verdict == Verdict::downgrade) co_return log::Ending{CallEnding::downgrade};

    const log::Ending ending{CallEnding::answered, {}, {}, {}, applied.applied,
                             applied.failed.size()};
    failed_ = std::move(applied.failed);
    course_.take(scanner.settings().name, std::move(applied));
    co_return ending;
}

log::Ending Chain::fail(const Scanner& scanner, CallEnding kind, const std::string& why)
{
    const auto& settings = scanner.settings();
    const auto policy = kind == CallEnding::malformed  ? settings.on_malformed
                        : kind == CallEnding::oversize ? settings.on_oversize
                                                       : settings.failure_policy(stage());
    why_ = why;
    course_.follow(policy, kind, settings.name, why);
    return {kind, why_};
}

void Chain::note(const Scanner& scanner, const CallOutcome& outcome, const log::Ending& ending)
{
    say(log::call(place(scanner), outcome, ending));
    for (std::size_t n = 0; n < std::min(failed_.size(), most_logged_edits); ++n)
        say(log::failed_edit(place(scanner), outcome, failed_[n]));
    if (failed_.size() > most_logged_edits)
        say(log::more_failed_edits(place(scanner), outcome, failed_.size() - most_logged_edits));
    if (course_.ended) say(log::chain_end(place(scanner), course_.facts.action, course_.cause));
    if (!around_.metrics) return;
    auto& metrics = around_.metrics->of(scanner.settings().name, stage());
    metrics.add(ending.kind, outcome.took);
    metrics.edits_done += ending.applied;
    metrics.edits_failed += ending.failed;
}

Decision Chain::decide()
{
    try {
        return course_.decision(around_.spool);
    } catch (const std::exception& error) {
        const auto& queue = course_.facts.queue;
        say(log::not_stored({course_.scanner, stage(), queue ? std::string_view(queue->id) : ""},
                            error.what()));
        return course_.not_stored();
    }
}

}

net::asio::awaitable<Decision> run_chain(ChainSurroundings around, Facts facts,
                                         std::optional<Message> message)
{
    Chain chain(std::move(around), std::move(facts), std::move(message));
    for (const auto& scanner : chain.scanners()) {
        co_await chain.ask(*scanner);
        if (chain.ended()) break;
    }
    co_return chain.decide();
}

}
