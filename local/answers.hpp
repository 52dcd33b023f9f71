// What qmail-getpw answered within the last second, so that a burst of mail to one address asks it
// once: a small table, and the form in which the child that asked tells qmail-lspawn. Pure.
#pragma once

#include "local/user_table.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::local {

// Milliseconds of a clock that nobody sets.
using Instant = std::uint64_t;

struct Answer {
    std::uint64_t edition = 0;   // of the files that it was made from
    Instant asked = 0;           // before qmail-getpw was started
    std::string local;           // what was asked about, as it was written
    User user;
    bool operator==(const Answer&) const = default;
};

// edition NUL asked NUL local NUL, then the record of the user. Failure: cut short, or no numbers.
std::string encode(const Answer& answer);
Result<Answer> decode_answer(std::string_view bytes);

class Answers {
public:
    static constexpr Instant lifetime = 1000;
    static constexpr std::size_t most = 512, longest = 1024;   // answers; bytes of one as told

    void keep(std::string_view told);   // by a child; of another edition or unreadable: dropped
    void begin_edition();               // the files have changed: nothing that is known counts
    std::uint64_t edition() const { return edition_; }
    std::size_t size() const { return known_.size(); }

    std::optional<User> find(const std::string& local, Instant now) const;

private:
    std::uint64_t edition_ = 0;
    std::map<std::string, Answer> known_;
};

}
