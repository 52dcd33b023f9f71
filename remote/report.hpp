// qmail-remote's report, both ways (contract 7.2), and what qmail-rspawn makes of it (7.1). Pure.
// Records end with NUL: r, h or s with text for each recipient in order, then K, Z or D for the
// message.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace grapnel::remote {

struct RecipientReport {
    char letter = 'r';   // r accepted, h refused for good, s refused for now
    std::string text = {};
    bool operator==(const RecipientReport&) const = default;
};

struct Report {
    std::vector<RecipientReport> recipients =
        {};              // those answered; the rest share the message's fate
    char letter = 'Z';   // K, Z or D
    std::string text = {};
    bool operator==(const Report&) const = default;
};

std::string encode(const Report& report);               // a NUL in a text becomes "?"
Result<Report> decode_report(std::string_view bytes);   // Failure (later): no whole report

// For the one recipient of a delivery: the letter and text for qmail-send. Takes what any
// qmail-remote ever wrote, also half reports.
struct Digest {
    char letter = 'D';
    std::string text = {};
};
Digest digest(std::string_view output);

}
