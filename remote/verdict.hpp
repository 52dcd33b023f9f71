// What became of a message at one host, for each recipient. Pure.
#pragma once

#include "remote/outcome.hpp"
#include "remote/report.hpp"

#include <cstddef>
#include <vector>

namespace grapnel::remote {

struct Verdict {
    struct Recipient {
        bool accepted = false;
        Outcome outcome = {};   // of its own, where it was refused
    };
    std::vector<Recipient> recipients = {};   // those answered, in order
    Outcome message = {};                     // for the accepted ones, and those never asked about
    bool next_host = false;   // nothing was said about the message: another host may take it

    Outcome of(std::size_t recipient) const;
    Report report() const;
};

}
