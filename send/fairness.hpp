// Who gets the next free slot of a channel (reliability 6, "Fairness out"): destinations take
// turns, then senders within one, then who came first; new mail before what was tried already,
// urgent mail before both, and mail of low priority behind them. None of these waits for ever.
// Pure: names are given as numbers (keys), and so is the time.
#pragma once

#include "send/schedule.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

namespace grapnel::send {

using FairKey = std::uint64_t;

struct FairPlace {
    FairKey destination = 0, sender = 0;
    bool retry = false;
    int priority = 0;   // RFC 6710: above 0 goes first, below 0 last, tried before or not
};

class Fairness {
public:
    using Item = std::size_t;   // who waits; known to the caller
    explicit Fairness(unsigned slots);

    // front: before the others of that destination and sender.
    void wait(const FairPlace& place, Item item, bool front = false);
    // Whose turn it is; he waits no more. nullopt: nobody may be started now.
    std::optional<Item> next(Due now);
    // Whether one more may be started that has not waited here.
    bool is_allowed(const FairPlace& place, Due now);
    // Whether somebody waits who has less than his share and may be started.
    bool is_ready(Due now);

    // A slot is given, for what next() returned too; and is free again.
    void started(const FairPlace& place);
    void withdrawn(const FairPlace& place);   // it was not used
    enum class Outcome { answered, unreachable, unknown };
    void ended(const FairPlace& place, Outcome outcome, Due now);

    // It has its share, or is dead: others should be looked for.
    bool is_crowded(FairKey destination, Due now) const;
    // How many slots one destination, or one sender, can have at most; all where there is but one
    // message.
    unsigned most() const { return is_alone_ ? slots_ : most_; }
    void set_alone(bool is_alone) { is_alone_ = is_alone; }
    std::size_t waiting() const;

private:
    struct Queue {
        FairKey sender;
        std::list<Item> items;
    };
    enum class Where { ring, full, behind };
    struct Turn {   // a destination for which somebody waits
        std::list<Queue> senders;
        Where where = Where::ring;
        std::list<FairKey>::iterator position;
    };
    struct PlaceHash {
        std::size_t operator()(const std::pair<FairKey, FairKey>& place) const
        {
            return place.first * 0x9e3779b97f4a7c15U ^ place.second;
        }
    };
    struct Line {
        std::unordered_map<FairKey, Turn> turns;
        std::unordered_map<std::pair<FairKey, FairKey>, std::list<Queue>::iterator, PlaceHash>
            queues;
        std::list<FairKey> ring;     // may have a slot, as far as is known
        std::list<FairKey> full;     // only after one of their own has ended
        std::list<FairKey> behind;   // nobody waits but for the sender that has all he can have
        std::size_t waiting = 0;
        unsigned passed_over = 0;   // by starts of others, while it could have had a slot
    };
    struct Load {
        unsigned running = 0, failures = 0;   // in a row
        Due failed_at = 0;
    };
    struct Pick {
        FairKey destination;
        bool crowded;
    };

    // Those that come before others have smaller numbers.
    static constexpr std::size_t urgent = 0, fresh = 1, retries = 2, bulk = 3, most_lines = 4;
    static std::size_t rank_of(const FairPlace& place);
    static unsigned weight(std::size_t started, std::size_t rank);
    static bool has_waited(const Line& line, std::size_t rank);

    std::optional<Pick> pick(Line& line, Due now);
    Item take(Line& line, FairKey destination);
    static void move(Line& line, Turn& turn, Where where);
    static std::list<FairKey>& list_of(Line& line, Where where);
    bool is_greedy(FairKey sender) const { return !is_alone_ && sender == greedy_; }
    bool only_behind(Turn& turn) const;
    unsigned running(FairKey destination) const;
    bool is_full(FairKey destination, Due now) const;
    bool is_dead(const Load& load, Due now) const;
    void release(const FairPlace& place);
    void remember_failures(FairKey destination, Due now);
    void forget_if_idle(FairKey destination);

    const unsigned slots_, most_, half_;
    bool is_alone_ = false;
    std::array<Line, most_lines> lines_;
    std::unordered_map<FairKey, Load> loads_;
    std::unordered_map<FairKey, unsigned> senders_;   // how many run
    std::optional<FairKey> greedy_;                   // the sender that has all he can have
    std::deque<std::pair<Due, FairKey>> failing_;     // idle, when to be forgotten
};

}
