// What qmail-send and a spawner say to each other, both ways (contract 5.2). Pure.
// Command: number (one byte), "S/N" NUL, sender NUL, recipient NUL. Report: number, letter, text,
// NUL. Between our own programs numbers go on from 256: the byte 255, digits, ":", then as before.
// Whether a spawner knows that is asked with number 255, which all others call too big.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::queue {

inline constexpr std::size_t longest_report = 10000;   // bytes of a report's text that are kept

// At once, on one channel; a spawner may take fewer.
inline constexpr unsigned most_deliveries = 10000;

// Never a delivery's: qmail's spawners take at most 255 of them, 0..254.
inline constexpr unsigned question_number = 255;
constexpr unsigned number_of_slot(unsigned slot)
{
    return slot < question_number ? slot : slot + 1;
}
constexpr unsigned slot_of_number(unsigned number)
{
    return number > question_number ? number - 1 : number;
}

struct Job {
    unsigned number = 0;   // not in use before
    std::string message;   // "3/1095", relative to queue/mess
    std::string sender;    // VERP already expanded
    std::string recipient;
    // "name=value name=value", of the message and of the recipient, for who takes a fifth field.
    std::optional<std::string> records = {};
};
std::string encode(const Job& job);

class JobReader {
public:
    // Consumes from the front of bytes until one command is whole or bytes is empty.
    std::optional<Job> take(std::string_view& bytes);
    bool within_command() const { return field_ != 0; }
    // Commands have records from now on.
    void expect_records() { fields_ = 5; }
    // A field over 64 KiB: the peer is no qmail-send.
    bool broken() const { return broken_; }

private:
    Job job_;
    int field_ = 0;   // 0 number, 1 message, 2 sender, 3 recipient, 4 records
    int fields_ = 4;
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
    bool within_ = false;   // a report, behind its number
    unsigned number_ = 0;
    std::string body_;   // letter and text
};

// What a spawner of ours can do beyond qmail's. Words that are not known are skipped.
struct Offer {
    unsigned limit = 0;     // deliveries at once
    bool records = false;   // from now on each command has a fifth field
    bool operator==(const Offer&) const = default;
};
Job question();   // of who can send records
bool is_question(const Job& job);
bool offers_records(const Job& question);
Report encode(const Offer& offer);
std::optional<Offer> decode_offer(const Report& answer);   // nullopt: a spawner like qmail's

}
