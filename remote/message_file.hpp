// The message on a descriptor, from where that stands; read in pieces.
#pragma once

#include "remote/message_text.hpp"

#include <optional>
#include <stdexcept>
#include <string_view>

namespace grapnel::remote {

struct UnreadableMessage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class MessageFile {
public:
    explicit MessageFile(int descriptor) : descriptor_(descriptor) {}
    // Reads it once beforehand without moving on; nullopt where it is no file (a pipe).
    std::optional<TextFacts> facts();
    // The next piece, empty at the end; valid until anybody's next call. Throws UnreadableMessage.
    std::string_view next();

private:
    int descriptor_;
};

}
