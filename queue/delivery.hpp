// What qmail-send and a spawner say to each other, both ways (contract 5.2). Pure.
// Command: number (one byte), "S/N" NUL, sender NUL, recipient NUL. Report: number, letter, text,
// NUL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::queue {

inline constexpr std::size_t longest_report = 10000;   // bytes of a report's text that are kept

struct Job {
    unsigned number = 0;   // 0..254: the slot; not in use before
    std::string message;   // "3/1095", relative to queue/mess
    std::string sender;    // VERP already expanded
    std::string recipient;
};
std::string encode(const Job& job);

class JobReader {
public:
    // Consumes from the front of bytes until one command is whole or bytes is empty.
    std::optional<Job> take(std::string_view& bytes);
    bool within_command() const { return field_ != 0; }
    // A field over 64 KiB: the peer is no qmail-send.
    bool broken() const { return broken_; }

private:
    Job job_;
    int field_ = 0;   // 0 number, 1 message, 2 sender, 3 recipient
    bool broken_ = false;
};

struct Report {
    unsigned number = 0;
    char letter = 'Z';   // K success, Z deferral, D failure; others: mangled
    std::string text;    // may hold LF, never NUL
};
std::string encode(const Report& report);

class ReportReader {
public:
    std::optional<Report> take(std::string_view& bytes);   // text is cut at longest_report

private:
    Report report_;
    int field_ = 0;   // 0 number, 1 letter, 2 text
};

}
