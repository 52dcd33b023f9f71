#include "send/fairness.hpp"

#include <algorithm>

namespace grapnel::send {

namespace {

constexpr unsigned dead_after = 5;             // connections failed in a row
constexpr Due failures_count_for = 3600'000;   // then it is tried like any other
constexpr std::size_t most_failing = 10'000;   // destinations that are remembered for that alone
// Urgent, new, tried and low mail: what it waits for until it is its turn. One start of any that
// comes before it counts 1; for what was tried already, a new one 8 and an urgent one 3: three new
// ones, or eight urgent ones.
constexpr std::array<unsigned, 4> patience{0, 8, 24, 8};

// What is left for others, however much one wants: deliveries can take an hour, and nobody is
// interrupted.
unsigned reserve(unsigned slots) { return slots < 4 ? 0 : std::max(1U, slots / 8); }

}

Fairness::Fairness(unsigned slots)
    : slots_(slots), most_(slots - reserve(slots)), half_(std::max(1U, slots / 2))
{
}

std::size_t Fairness::rank_of(const FairPlace& place)
{
    if (place.priority != 0) return place.priority > 0 ? urgent : bulk;
    return place.retry ? retries : fresh;
}

unsigned Fairness::weight(std::size_t started, std::size_t rank)
{
    if (rank != retries) return 1;
    return started == fresh ? 8 : 3;
}

bool Fairness::has_waited(const Line& line, std::size_t rank)
{
    return rank != urgent && line.passed_over >= patience[rank];
}

std::size_t Fairness::waiting() const
{
    std::size_t sum = 0;
    for (const auto& line : lines_) sum += line.waiting;
    return sum;
}

unsigned Fairness::running(FairKey destination) const
{
    const auto load = loads_.find(destination);
    return load == loads_.end() ? 0 : load->second.running;
}

bool Fairness::is_dead(const Load& load, Due now) const
{
    return load.failures >= dead_after && now - load.failed_at < failures_count_for;
}

bool Fairness::is_full(FairKey destination, Due now) const
{
    const auto found = loads_.find(destination);
    if (found == loads_.end()) return false;
    const auto& load = found->second;
    return load.running >= most() || (load.running > 0 && is_dead(load, now));
}

bool Fairness::is_crowded(FairKey destination, Due now) const
{
    return running(destination) >= half_ || is_full(destination, now);
}

std::list<FairKey>& Fairness::list_of(Line& line, Where where)
{
    return where == Where::ring ? line.ring : where == Where::full ? line.full : line.behind;
}

// To the end of that list.
void Fairness::move(Line& line, Turn& turn, Where where)
{
    auto& to = list_of(line, where);
    to.splice(to.end(), list_of(line, turn.where), turn.position);
    turn.where = where;
}

void Fairness::wait(const FairPlace& place, Item item, bool front)
{
    auto& line = lines_[rank_of(place)];
    const auto [found, is_new] = line.turns.try_emplace(place.destination);
    auto& turn = found->second;
    if (is_new) turn.position = line.ring.insert(line.ring.end(), place.destination);
    const auto [queue, is_first] =
        line.queues.try_emplace({place.destination, place.sender}, turn.senders.end());
    if (is_first) queue->second = turn.senders.insert(turn.senders.end(), Queue{place.sender, {}});
    auto& items = queue->second->items;
    front ? items.push_front(item) : items.push_back(item);
    ++line.waiting;
    if (turn.where == Where::behind && !is_greedy(place.sender)) move(line, turn, Where::ring);
}

// There can be only one such sender: he has more than half of all slots. Else the first is one who
// may start.
bool Fairness::only_behind(Turn& turn) const
{
    auto& senders = turn.senders;
    if (!is_greedy(senders.front().sender)) return false;
    senders.splice(senders.end(), senders, senders.begin());
    return senders.size() == 1;
}

// Each look at a destination that cannot have a slot moves it out of the way until something has
// changed for it; at most two are crowded and stay.
std::optional<Fairness::Pick> Fairness::pick(Line& line, Due now)
{
    std::optional<Pick> crowded;
    do {
        if (!greedy_ && !line.behind.empty()) {
            const auto key = line.behind.front();
            move(line, line.turns.at(key), Where::ring);
        }
        for (auto left = line.ring.size(); left > 0; --left) {
            const auto key = line.ring.front();
            auto& turn = line.turns.at(key);
            if (is_full(key, now)) {
                move(line, turn, Where::full);
            } else if (only_behind(turn)) {
                move(line, turn, Where::behind);
            } else if (running(key) < half_) {
                return Pick{key, false};
            } else {
                if (!crowded) crowded = Pick{key, true};
                move(line, turn, Where::ring);
            }
        }
    } while (!crowded && !greedy_ && !line.behind.empty());
    return crowded;
}

Fairness::Item Fairness::take(Line& line, FairKey destination)
{
    auto& turn = line.turns.at(destination);
    auto& senders = turn.senders;
    auto& queue = senders.front();
    const auto item = queue.items.front();
    queue.items.pop_front();
    --line.waiting;
    if (queue.items.empty()) {
        line.queues.erase({destination, queue.sender});
        senders.pop_front();
    } else {
        senders.splice(senders.end(), senders, senders.begin());
    }
    if (senders.empty()) {
        list_of(line, turn.where).erase(turn.position);
        line.turns.erase(destination);
    } else {
        move(line, turn, Where::ring);
    }
    return item;
}

// In order of rank, but first who was passed over long enough; what is crowded only where nothing
// else may start.
std::optional<Fairness::Item> Fairness::next(Due now)
{
    std::optional<std::pair<Line*, FairKey>> crowded;
    for (const bool overdue : {true, false})
        for (std::size_t rank = 0; rank < lines_.size(); ++rank) {
            auto& line = lines_[rank];
            if (line.waiting == 0 || has_waited(line, rank) != overdue) continue;
            const auto one = pick(line, now);
            if (one && !one->crowded) return take(line, one->destination);
            if (one && !crowded) crowded.emplace(&line, one->destination);
        }
    if (crowded) return take(*crowded->first, crowded->second);
    return std::nullopt;
}

bool Fairness::is_allowed(const FairPlace& place, Due now)
{
    if (is_full(place.destination, now) || is_greedy(place.sender)) return false;
    const auto own = rank_of(place);
    for (std::size_t rank = 0; rank < lines_.size(); ++rank) {
        auto& line = lines_[rank];
        const bool first = rank > own ? has_waited(line, rank) : rank < own && own == bulk;
        if (first && line.waiting > 0 && pick(line, now)) return false;
    }
    return running(place.destination) < half_ || !is_ready(now);
}

bool Fairness::is_ready(Due now)
{
    for (auto& line : lines_)
        if (const auto one = pick(line, now); one && !one->crowded) return true;
    return false;
}

void Fairness::started(const FairPlace& place)
{
    ++loads_[place.destination].running;
    if (++senders_[place.sender] >= most_) greedy_ = place.sender;
    const auto own = rank_of(place);
    lines_[own].passed_over = 0;
    for (std::size_t rank = own + 1; rank < lines_.size(); ++rank)
        lines_[rank].passed_over =
            lines_[rank].ring.empty() ? 0 : lines_[rank].passed_over + weight(own, rank);
}

void Fairness::release(const FairPlace& place)
{
    --loads_[place.destination].running;
    const auto sender = senders_.find(place.sender);
    --sender->second;
    if (place.sender == greedy_ && sender->second < most_) greedy_.reset();
    if (sender->second == 0) senders_.erase(sender);
    for (auto& line : lines_)
        if (const auto turn = line.turns.find(place.destination);
            turn != line.turns.end() && turn->second.where == Where::full)
            move(line, turn->second, Where::ring);
}

void Fairness::withdrawn(const FairPlace& place)
{
    release(place);
    const auto own = rank_of(place);
    for (auto rank = own + 1; rank < lines_.size(); ++rank) {
        auto& passed_over = lines_[rank].passed_over;
        passed_over -= std::min(passed_over, weight(own, rank));
    }
    forget_if_idle(place.destination);
}

void Fairness::ended(const FairPlace& place, Outcome outcome, Due now)
{
    release(place);
    auto& load = loads_[place.destination];
    if (outcome == Outcome::answered) load.failures = 0;
    if (outcome == Outcome::unreachable) {
        ++load.failures;
        load.failed_at = now;
    }
    if (load.running == 0 && load.failures > 0) remember_failures(place.destination, now);
    forget_if_idle(place.destination);
}

void Fairness::remember_failures(FairKey destination, Due now)
{
    failing_.emplace_back(now + failures_count_for, destination);
    while (failing_.size() > most_failing || failing_.front().first <= now) {
        const auto old = loads_.find(failing_.front().second);
        failing_.pop_front();
        if (old == loads_.end() || old->second.running > 0) continue;
        if (failing_.size() >= most_failing || now - old->second.failed_at >= failures_count_for)
            loads_.erase(old);
    }
}

void Fairness::forget_if_idle(FairKey destination)
{
    const auto load = loads_.find(destination);
    if (load != loads_.end() && load->second.running == 0 && load->second.failures == 0)
        loads_.erase(load);
}

}
