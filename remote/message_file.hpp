// The message on descriptor 0, where it begins for us; read in pieces.
#pragma once

#include "remote/message_text.hpp"

#include <cstddef>
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
    explicit MessageFile(int descriptor) : descriptor_(descriptor), buffer_(65536) {}
    // Reads it once beforehand without moving on; nullopt where it is no file (a pipe).
    std::optional<TextFacts> facts();
    // The next piece, empty at the end; valid until the next call. Throws UnreadableMessage.
    std::string_view next();

private:
    int descriptor_;
    std::vector<char> buffer_;
};

}
