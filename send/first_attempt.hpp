// Messages that are tried straight from todo (reliability 3.3.1): what has become of them while
// nothing of that is on file, and what shall be done with them next. Knows no disk and no event
// loop.
#pragma once

#include "send/ended_attempt.hpp"
#include "send/schedule.hpp"
#include "send/sorted.hpp"

#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace grapnel::send {

struct FirstAttempt {
    Sorted message;   // `done` where nothing is to be tried again
    std::time_t birth = 0;
    std::vector<std::size_t> jobs = {};     // of Deliveries
    std::string bounce = {};                // paragraphs that bounce/N does not hold yet
    std::string outcomes = {};              // lines that bounce/N.dsn does not hold yet
    std::vector<EndedAttempt> ended = {};   // that scanners have not heard of yet
    std::size_t to_do = 0;
    Due write_at = 0;       // what is not over by then is written down
    bool failed = false;    // somebody is to be told
    bool put_off = false;   // it could not be written; write_at is when to try again
    bool leaving = false;   // all is delivered, and todo/N about to go
};

class FirstAttempts {
public:
    using Number = queue::MessageNumber;

    FirstAttempt& begin(Number n, Sorted message, std::time_t birth, Due now);
    bool contains(Number n) const { return attempts_.contains(n); }
    FirstAttempt& at(Number n) { return attempts_.at(n); }

    // What spawners say of a recipient, named by where his record will be.
    void delivered(Number n, queue::Channel channel, std::uint64_t offset);
    void failed(Number n, queue::Channel channel, std::uint64_t offset, std::string_view paragraph,
                std::string_view outcome = {});
    void deferred(Number n);
    void hurry();   // none may go on like this

    struct Next {
        std::vector<Number> leave;   // delivered: `leaving` now
        std::vector<Number> write;   // the caller does, or puts it off
    };
    Next next(Due now);
    void put_off(Number n, Due until);
    void forget(Number n);   // it is on file, or gone

    // When next() has something.
    std::optional<Due> next_due() const;
    std::vector<Number> all() const;

private:
    void finish(FirstAttempt& attempt, queue::Channel channel, std::uint64_t offset);
    void look_at(Number n, Due now, Next& next);

    std::unordered_map<Number, FirstAttempt> attempts_;
    std::vector<Number> changed_;
    DueHeap due_;   // may name what is gone
};

}
