// What qmail-rspawn and a qmail-remote that works for it for a long time say to each other, a
// packet each. Pure. The worker speaks first: a program that does not is not ours. Packets begin
// with a letter: G greeting; J job (the message is a descriptor beside it); R report; P and p: are
// you there, and yes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::remote {

inline constexpr std::size_t longest_packet = 65536;
inline constexpr std::string_view are_you_there = "P", i_am = "p";

struct Greeting {
    unsigned capacity = 0;   // deliveries at once
    bool operator==(const Greeting&) const = default;
};
std::string encode(const Greeting& greeting);   // "Gqmail-remote/1 300"
std::optional<Greeting> decode_greeting(std::string_view packet);

struct WorkerJob {
    unsigned number = 0;
    std::string host, sender, recipient;   // as in qmail-remote's arguments
    std::string records = {};              // what was asked for with it
    bool operator==(const WorkerJob&) const = default;
};
// "J" number NUL host NUL sender NUL recipient NUL, records NUL where there are some; more than
// longest_packet cannot be sent.
std::string encode(const WorkerJob& job);
std::optional<WorkerJob> decode_worker_job(std::string_view packet);

struct WorkerReport {
    unsigned number = 0;
    std::string output;   // what qmail-remote would have written (remote/report)
    bool operator==(const WorkerReport&) const = default;
};
std::string encode(const WorkerReport& report);   // "R" number NUL output
std::optional<WorkerReport> decode_worker_report(std::string_view packet);

}
