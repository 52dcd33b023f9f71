// Messages that leave todo: qmail-clean was asked to remove todo/N, and has not done it yet.
#pragma once

#include "send/agenda.hpp"
#include "send/cleaner.hpp"
#include "send/log.hpp"

#include <functional>
#include <optional>
#include <unordered_map>

namespace grapnel::send {

class Departures {
public:
    using Number = queue::MessageNumber;
    // changed is called after each answer.
    Departures(const Agenda& agenda, Cleaner& cleaner, Log& log, std::function<void()> changed)
        : agenda_(agenda), cleaner_(cleaner), log_(log), changed_(std::move(changed))
    {
    }

    enum class Failure { forget, ask_again };
    // gone: when todo/N is not there any more.
    void ask(Number n, Failure at_failure, std::function<void()> gone);
    void ask_again();   // what is due

    bool contains(Number n) const { return leaving_.contains(n); }
    std::optional<Due> next_due() const;
    // No answer is to be waited for.
    bool is_idle() const { return unanswered_ == 0 || !cleaner_.is_alive(); }

private:
    struct Leaving {
        std::function<void()> gone;
        Failure at_failure;
    };
    void request(Number n);
    void answered(Number n, char answer);

    const Agenda& agenda_;
    Cleaner& cleaner_;
    Log& log_;
    std::function<void()> changed_;
    std::unordered_map<Number, Leaving> leaving_;
    DueHeap again_;
    std::size_t unanswered_ = 0;
};

}
