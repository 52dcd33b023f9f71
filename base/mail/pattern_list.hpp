// Lists of addresses or names that are refused, one an entry, each perhaps with the code
// and text of its own. Pure. How an entry is read is in qmail-smtpd(8), "Patterns": plain as in
// qmail, wildcards as in Spamcontrol, regular expressions as in the qregex patch.
#pragma once

#include "base/pattern.hpp"
#include "base/text.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace grapnel {

class PatternList {
public:
    // Entries that cannot be read are left out, and named in complaints ("name: …").
    void add(const std::vector<std::string>& lines, std::string_view name,
             std::vector<std::string>& complaints);

    // The code and text of the entry that fits, "" where it has none; nullopt: none fits.
    std::optional<std::string> find(std::string_view text) const;

private:
    struct Expression {
        Pattern pattern;
        bool negated;   // fits whatever does not match
        std::string words;
    };

    std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> plain_;   // lower case
    std::vector<Expression> expressions_;
};

}
