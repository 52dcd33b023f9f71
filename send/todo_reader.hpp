// todo/N read, its recipients routed, and the message announced in the log.
#pragma once

#include "queue/spool.hpp"
#include "send/log.hpp"
#include "send/sorted.hpp"

#include <optional>
#include <string>

namespace grapnel::send {

class TodoReader {
public:
    TodoReader(const queue::Spool& spool, const RoutingTables& routing, Log& log)
        : spool_(spool), routing_(routing), log_(log)
    {
    }

    // nullopt: it stays as it is, and the log says why.
    std::optional<Sorted> read(queue::MessageNumber n);

private:
    std::optional<std::string> bytes_of(queue::MessageNumber n);

    const queue::Spool& spool_;
    const RoutingTables& routing_;
    Log& log_;
};

}
