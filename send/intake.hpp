// S4 to S5: todo/N is read, its recipients are routed, info, local and remote written and made
// durable; then qmail-clean removes intd/N and todo/N (contract 2.2, reliability 3.3). This part
// knows no event loop.
#pragma once

#include "queue/records.hpp"
#include "queue/spool.hpp"
#include "send/flusher.hpp"
#include "send/log.hpp"
#include "send/routing.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace grapnel::send {

struct Taken {
    queue::MessageNumber message;
    bool has_local = false, has_remote = false;
};

class Intake {
public:
    Intake(const queue::Spool& spool, const RoutingTables& routing, Log& log)
        : spool_(spool), routing_(routing), log_(log)
    {
    }

    // nullopt: it stays as it is, and the log says why. What todo/N's removal relies on is added to
    // `touched`: it must be flushed first.
    std::optional<Taken> take(queue::MessageNumber n, Touched& touched);

    // Trouble that may be over soon (a full disk) was met since the last call.
    bool wants_another_look() { return std::exchange(another_look_, false); }

private:
    struct Sorted;   // what info, local and remote shall hold
    Sorted sort(const queue::Todo& todo) const;
    bool is_complete(queue::MessageNumber n, const Sorted& wanted) const;
    bool remove_old(queue::MessageNumber n);
    bool write(queue::MessageNumber n, const Sorted& wanted);
    void touch(queue::MessageNumber n, const Sorted& wanted, Touched& touched) const;
    bool write_file(const std::string& path, std::string_view bytes);
    std::optional<std::string> read_todo(queue::MessageNumber n);

    const queue::Spool& spool_;
    const RoutingTables& routing_;
    Log& log_;
    bool another_look_ = false;
};

}
