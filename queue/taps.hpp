// control/taps: whose mail is copied to whom. A line is LETTER:PATTERN:ADDRESS; F looks at the
// sender, T at each recipient, A at both; "!" in front of the pattern means whatever does not
// match. The first line that fits counts, the sender is asked before the recipients.
#pragma once

#include "base/pattern.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

namespace grapnel::queue {

class Taps {
public:
    // Lines that mean nothing are left out.
    static Taps parse(const std::vector<std::string>& lines);

    bool empty() const { return taps_.empty(); }
    // letter: F or T, as in an envelope. nullptr: nobody gets a copy because of this address.
    const std::string* find(char letter, std::string_view address) const;

private:
    struct Tap {
        char letter;
        bool negated;
        Pattern pattern;
        std::string address;
    };
    std::vector<Tap> taps_;
};

// The file, read again when it has changed.
class TapsFile {
public:
    explicit TapsFile(std::string control) : control_(std::move(control)) {}
    // nullptr: nothing is copied. Throws Stop (55) where the file cannot be read.
    std::shared_ptr<const Taps> current();

private:
    std::string control_;
    std::optional<struct stat> seen_;
    std::shared_ptr<const Taps> taps_;
};

}
