// Reports that programs can read: multipart/report with message/delivery-status (RFC 3464, 6522),
// in their international form where an address needs it (RFC 6533). The one place that writes them.
// Pure.
#pragma once

#include "send/bounce.hpp"
#include "send/message_info.hpp"
#include "send/outcome.hpp"

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

namespace grapnel::send {

enum class ReportForm { qsbmf, dsn, both };   // control/bounceformat

// All of one kind: failures, delays, or successes.
struct ReportedMatter {
    enum class Kind { failure, delay, success };
    Kind kind = Kind::failure;
    std::vector<Outcome> recipients = {};
    std::time_t now = 0;
    std::time_t retry_until = 0;   // of a delay
    std::string token;             // differs for each report; letters and digits
    std::string message_id = {};   // of the message, "<a@b>"; empty: it has none that is one
    std::uint64_t message_size = 0;
    bool eight_bit_paragraphs = false, eight_bit_message = false, eight_bit_header = false;
};

// Beyond these in one report, recipients are only counted (and stand in the text for people).
inline constexpr std::size_t most_reported = 20'000;
inline constexpr std::uint64_t copied_by_default = 51200;   // a longer message: its header only

std::uint64_t most_copied(const BounceNames& names);

// form: dsn or both; both: what stands before the first part is qmail's form, for those who know
// that.
Notice make_report(const BounceNames& names, const MessageInfo& info, const ReportedMatter& matter,
                   ReportForm form);

}
