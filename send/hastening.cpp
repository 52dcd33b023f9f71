#include "send/hastening.hpp"

#include "send/marks.hpp"
#include "send/recipient_state.hpp"
#include "send/recipients.hpp"
#include "send/wishes.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

namespace grapnel::send {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using State = queue::HastenAnswer::State;

namespace {

constexpr auto patience = 20s;   // of who asks
constexpr auto turn = 2ms;       // and one file: then it is the others'
constexpr std::size_t most_asked = 64, most_found = 1000;

}

Hastening::Hastening(net::Executor executor, Shared shared, std::function<void()> changed)
    : executor_(std::move(executor)),
      shared_(shared),
      changed_(std::move(changed)),
      timer_(executor_)
{
}

asio::awaitable<std::string> Hastening::reply(std::string line)
{
    auto request = queue::decode_hasten_request(line);
    queue::HastenAnswer answer;
    if (request) answer = co_await ask(std::move(*request));
    co_return encode(answer);
}

asio::awaitable<queue::HastenAnswer> Hastening::ask(queue::HastenRequest request)
{
    if (asked_.size() >= most_asked) co_return queue::HastenAnswer{};
    if (!shared_.deliveries.asked_domains().ask(request, shared_.agenda.now()))
        co_return queue::HastenAnswer{State::begun, 0};
    const auto asked =
        std::make_shared<Asked>(Asked{std::move(request), 0, false, false, net::Timer(executor_)});
    asked_.push_back(asked);
    timer_.call();
    const auto limit = Clock::now() + patience;
    for (bool late = false; !asked->over && !late;) late = co_await asked->timer.wait_until(limit);
    co_return queue::HastenAnswer{asked->over && asked->exact ? State::done : State::begun,
                                  asked->messages};
}

// However many ask: half of the time is others'.
asio::awaitable<void> Hastening::run()
{
    for (;;) {
        co_await timer_.wait();
        while (!asked_.empty()) {
            const auto begun = Clock::now();
            co_await walk();
            const auto rest = Clock::now() - begun;
            co_await net::sleep_for(rest);
        }
    }
}

// What is in line already is tried without us, and is not counted.
asio::awaitable<void> Hastening::walk()
{
    const auto asked = std::exchange(asked_, {});
    const bool exact = !shared_.deliveries.has_remote_in_line();
    auto numbers = shared_.agenda.remote.later_than(shared_.agenda.now());
    for (const auto n : shared_.deliveries.remote_under_way()) numbers.push_back(n);
    Numbers found;
    auto turn_ends = Clock::now() + turn;
    for (const auto n : numbers) {
        if (look_at(n, asked)) found.insert(n);
        if (found.size() >= most_found) make_due(found);
        if (Clock::now() < turn_ends) continue;
        co_await net::yield_turn();
        turn_ends = Clock::now() + turn;
    }
    make_due(found);
    for (const auto& one : asked) {
        shared_.log.hastened(one->request.name(), one->messages);
        one->over = true;
        one->exact = exact;
        one->timer.call();
    }
}

namespace {

// Who waits for another reason than the time of the next attempt.
struct OtherReasons {
    bool is_held = false;
    std::map<std::size_t, std::time_t> not_before = {};   // by place

    bool has(std::size_t place, std::time_t now) const
    {
        const auto found = not_before.find(place);
        return is_held || (found != not_before.end() && found->second > now);
    }
};

OtherReasons reasons_in(const queue::Info& info, std::time_t now)
{
    return {is_held(info, now), put_off(info, queue::Channel::remote)};
}

}

// False: nobody there is meant, or it has left meanwhile.
bool Hastening::look_at(queue::MessageNumber n, const Walk& asked)
{
    const bool in_memory = shared_.first.contains(n);
    const auto now = shared_.agenda.wall_now();
    std::optional<OtherReasons> others;
    std::vector<bool> meant(asked.size());
    try {
        auto recipients = in_memory
                              ? Recipients(shared_.first.at(n).message.remote)
                              : Recipients(channel_file(shared_.spool, queue::Channel::remote, n));
        while (recipients.next() == Recipients::State::record) {
            const auto& record = recipients.current();
            if (record.done) continue;
            const auto domain = domain_of(record.address);
            for (std::size_t i = 0; i < asked.size(); ++i) {
                if (meant[i] || !covers(asked[i]->request, domain)) continue;
                if (!others) {
                    const queue::Info* info =
                        in_memory ? &shared_.first.at(n).message.info : shared_.records.read(n);
                    if (!info) return false;
                    others = reasons_in(*info, now);
                }
                meant[i] = !others->has(record.index, now);
            }
        }
    } catch (const std::system_error&) {
        return false;
    }
    for (std::size_t i = 0; i < asked.size(); ++i)
        if (meant[i]) ++asked[i]->messages;
    return std::find(meant.begin(), meant.end(), true) != meant.end();
}

void Hastening::make_due(Numbers& found)
{
    if (found.empty()) return;
    shared_.deliveries.hasten_remote(std::exchange(found, {}));
    changed_();
}

}
