// info/S/N, local/S/N and remote/S/N of a message, written from what was sorted: the only place
// that makes them.
#pragma once

#include "queue/spool.hpp"
#include "send/flusher.hpp"
#include "send/log.hpp"
#include "send/sorted.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::send {

class SortedFiles {
public:
    SortedFiles(const queue::Spool& spool, Log& log) : spool_(spool), log_(log) {}

    // Nothing of N is there but mess and todo: no life before this one has touched it.
    bool are_untouched(queue::MessageNumber n) const;
    // The files hold all of these recipients, done or not.
    bool are_complete(queue::MessageNumber n, const Sorted& wanted) const;
    // Anew. info is born now, or then. False: the log says why.
    bool write(queue::MessageNumber n, const Sorted& wanted, std::optional<std::time_t> birth);
    // What a flush has to make durable before todo/N goes.
    void touch(queue::MessageNumber n, const Sorted& wanted, Touched& touched) const;

private:
    bool remove_old(queue::MessageNumber n);
    bool remove_one(const std::string& path);
    // Written as path, then renamed to name.
    bool write_file(const std::string& path, const std::string& name, std::string_view bytes,
                    std::optional<std::time_t> time);

    const queue::Spool& spool_;
    Log& log_;
};

}
