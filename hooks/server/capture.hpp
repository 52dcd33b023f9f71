// Calls kept on disk for `qmail-hooks replay` (control/hooks/NAME/capture): what the stage knew,
// the message, and what was said to the scanner and by it. At most 100 of a scanner, mode 0600.
#pragma once

#include "base/result.hpp"
#include "hooks/facts.hpp"
#include "hooks/server/recording.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

inline constexpr std::uint64_t longest_captured_message = 1u << 20;   // others are not kept

struct Capture {
    RecordedCall call = {};
    Facts facts = {};   // when the stage began
    bool with_message = false;
    std::string message = {};   // LF line ends
};

std::string encode(const Capture& capture);   // as JSON
Result<Capture> decode_capture(std::string_view text);

// directory: of the scanner; made where it is missing. The oldest make room. Throws system_error.
void keep(const std::string& directory, const Capture& capture);
// Names, the oldest first.
std::vector<std::string> captures(const std::string& directory);
Result<Capture> read_capture(const std::string& path);

}
