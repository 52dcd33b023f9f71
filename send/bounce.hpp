// Who is told about a failure, and the notice as text in qmail's form (QSBMF). Pure.
#pragma once

#include "base/mail/extension.hpp"
#include "base/mail/srs.hpp"
#include "send/outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::send {

// An address as it stands in such a paragraph.
std::string shown_recipient(std::string_view address);
// One failed recipient as bounce/N holds it: "<address>:", the report, an empty line. Inside there
// is no empty line, so the ends of paragraphs can be found again.
std::string failure_paragraph(std::string_view recipient, std::string_view report);

// The paragraphs of such a file as far as they are whole, at most `most` of them.
struct FailureParagraph {
    std::string recipient, report;   // as they were shown; the report may have lost empty lines
    bool operator==(const FailureParagraph&) const = default;
};
std::vector<FailureParagraph> read_failures(std::string_view bounce_file, std::size_t most);

// How much of the end of bounce/N, given as its last bytes, is a paragraph torn by a crash: the
// bytes behind the last empty line.
std::size_t torn_tail(std::string_view last_bytes);

struct BounceNames {
    std::string from, host;   // bouncefrom, bouncehost
    std::string double_to;    // doublebounceto@doublebouncehost; "" where nobody wants them
    std::uint64_t most_copied = std::numeric_limits<std::uint64_t>::max();   // bouncemaxbytes
    std::optional<Srs> srs = {};   // whose addresses lead to the sender
    std::string me = {};           // who reports
};

// What stands where the rest of a message would be.
inline constexpr std::string_view stripped_text = "\n\n--- End of message stripped.\n";

// The notice is head, the paragraphs of bounce/N, middle, mess/N up to most_copied bytes, tail.
struct Notice {
    enum class Copy { whole, header };
    std::string sender = {}, recipient = {};   // envelope
    std::string head = {}, middle = {};
    std::string again = {};   // behind the paragraphs, which then come once more
    std::string tail = {};
    bool with_paragraphs = true;   // else bounce/N has no place in it
    Copy copy = Copy::whole;       // of the message
    std::uint64_t most_copied = std::numeric_limits<std::uint64_t>::max();
    Extensions records = {};           // of the envelope
    std::vector<Outcome> about = {};   // where that is not in bounce/N
};

// Whom an address of ours stands for (SRS); else the sender himself.
std::string sender_behind(const BounceNames& names, std::string_view sender, std::time_t now);

// message: its records. nullopt: nobody is told. The message was a bounce of a bounce, or a bounce
// that nobody wants.
std::optional<Notice> make_notice(const BounceNames& names, std::string_view message_sender,
                                  std::time_t now, const Extensions& message = {});

}
