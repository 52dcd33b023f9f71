// The message on a descriptor, from where that stands; read in pieces.
#pragma once

#include "base/mail/valid_since.hpp"
#include "remote/message_text.hpp"

#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace grapnel::remote {

struct UnreadableMessage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class MessageFile {
public:
    explicit MessageFile(int descriptor) : descriptor_(descriptor) {}
    // Reads it once beforehand without moving on; nullopt where it is no file (a pipe).
    std::optional<TextFacts> facts();
    // Fields Require-Recipient-Valid-Since that facts() has seen, each with its address: of the
    // first 64 KiB.
    const std::vector<ValidSinceField>& valid_since() const { return valid_since_; }
    // The next piece, empty at the end; valid until anybody's next call. Throws UnreadableMessage.
    std::string_view next();

private:
    int descriptor_;
    std::vector<ValidSinceField> valid_since_;
};

}
