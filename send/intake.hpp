// S4 to S5, or straight to the end. A message out of todo/N is tried at once where all its
// recipients find a free slot, and leaves no file if they get it within a second. Else its files
// are written, with what is known by then, made durable, and todo/N goes (reliability 3.3, 3.3.1).
// Knows no event loop.
#pragma once

#include "send/deliveries.hpp"
#include "send/departures.hpp"
#include "send/first_attempt.hpp"
#include "send/flusher.hpp"
#include "send/marks.hpp"
#include "send/sorted_files.hpp"
#include "send/todo_reader.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace grapnel::send {

class Intake {
public:
    using Number = queue::MessageNumber;
    struct Queue {
        const queue::Spool& spool;
        const Flusher& flusher;
        Agenda& agenda;
        Marks& marks;
        Cleaner& cleaner;
    };
    // changed is called when a message has left todo.
    Intake(Queue queue, const RoutingTables& routing, FirstAttempts& first, Deliveries& deliveries,
           Log& log, std::function<void()> changed);

    // Messages that lie in todo and are not known yet; what is written for them is flushed once.
    void take(const std::vector<Number>& numbers);
    // Deliveries may have become free.
    void try_waiting();
    // What first attempts have come to by now. Throws Broken, as take() does.
    void settle();
    std::optional<Due> next_due() const;

    // It is in memory: nobody else has to care about it.
    bool contains(Number n) const;
    // Trouble that may be over soon (a full disk) was met since the last call.
    bool wants_another_look() { return std::exchange(another_look_, false); }

    void end();   // nothing new is tried, and what is tried is written down
    bool is_idle() const;
    // The last chance for results that could not be written, or whose todo/N did not go.
    void write_all();

private:
    struct Arrived {
        Number message;
        Sorted sorted;
        Due patience_ends = 0;
    };

    struct ToReview {
        std::vector<EndedAttempt> attempts;
        MessageInfo info;
    };

    void place(Arrived arrived);
    void begin(Arrived arrived);
    bool may_be_tried(const Arrived& arrived) const;
    void leave(Number n);
    void write(const std::vector<Number>& tried);
    bool write_bounce(Number n, Touched& touched);
    bool write_tried(Number n, Touched& touched);
    bool write_untried(const Arrived& arrived, Touched& touched);
    void put_off(Number n);
    void hand_on(Number n, const Sorted& message);

    Queue queue_;
    TodoReader reader_;
    SortedFiles files_;
    FirstAttempts& first_;
    Deliveries& deliveries_;
    Log& log_;
    Departures departures_;
    std::deque<Arrived> waiting_;   // for a slot, not for long
    std::unordered_set<Number> waiting_numbers_;
    std::size_t waiting_recipients_ = 0;
    std::vector<Arrived> to_write_;
    std::vector<ToReview> to_review_;   // on file now
    bool another_look_ = false, ending_ = false;
};

}
