// Faults in the programs of a test, switched on and off while they run: system calls that fail or
// take long, clocks that jump.
//
//     Faulty faulty;
//     Instance mta(home, {.environment = faulty.environment()});
//     faulty.fail("qmail-queued", {"fsync", "syncfs"}, EIO);
//     …
//     faulty.heal();
#pragma once

#include "support/fault_table.hpp"
#include "support/temp_home.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace grapnel::test {

class Faulty {
public:
    Faulty();
    ~Faulty();
    Faulty(const Faulty&) = delete;
    Faulty& operator=(const Faulty&) = delete;

    std::vector<std::string> environment() const;   // what puts it into a program

    // calls: of faulty_calls.cpp; file: only where they are about it. Rules are added.
    void fail(std::string_view program, const std::vector<std::string>& calls, int error,
              const std::string& file = {});
    void delay(std::string_view program, const std::vector<std::string>& calls,
               std::chrono::milliseconds how_long);
    void heal();                                        // no rule is left
    std::size_t hits() const { return table_->hits; }   // of rules, since the beginning

    // From now on clocks are that much ahead of the machine's.
    void set_wall_clock(std::chrono::seconds ahead) { table_->wall = ahead.count(); }
    void set_steady_clock(std::chrono::seconds ahead, std::string_view program = "");

private:
    void add(std::string_view program, const std::vector<std::string>& calls,
             const FaultRule& rule);
    TempDirectory directory_;
    FaultTable* table_;
};

// A program of this home by its name, waited for. Throws when it does not come.
pid_t process_of(const TempHome& home, std::string_view name);

// How many descriptors a process has open; 0 where that may not be read.
std::size_t descriptors_of(pid_t pid);

}
