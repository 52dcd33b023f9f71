// A notice as its bytes, piece by piece: what was composed, with bounce/N and the message in their
// places.
#pragma once

#include "base/sys/fd.hpp"
#include "send/bounce.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::send {

class NoticeText {
public:
    NoticeText(const Notice& notice, const std::string& bounce_file,
               const std::string& message_file);

    // Until the next call; empty: that was all. Throws system_error.
    std::string_view next();

private:
    enum class Kind { text, file, copy, header };
    struct Part {
        Kind kind;
        std::string text;   // or the file's name
        std::uint64_t limit;
        bool ended = false;   // of a copy: what is left out was said
    };
    std::string_view piece_of(Part& part);
    std::string_view within_header(std::string_view piece, Part& part);

    std::vector<Part> parts_;
    std::size_t current_ = 0;
    Fd file_;
    char last_ = '\n';   // of a header, as far as it was read
    std::array<char, 16384> buffer_;
};

// Whether some octet of it, up to there, is not ASCII. A header: up to its end only.
bool holds_eight_bits(const std::string& file, std::uint64_t limit, bool header_only);

}
