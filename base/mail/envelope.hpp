// The envelope as it goes to qmail-queue on descriptor 1: F sender NUL, T recipient NUL for each,
// NUL, then extension records. The sender is written here and read here, piece by piece. Pure.
#pragma once

#include "base/mail/extension.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

struct Envelope {
    std::string sender;
    std::vector<std::string> recipients;
    ExtensionBlock extensions = {};
};

std::string
encode_addresses(const Envelope& envelope);   // F and T records, without the NUL that ends them
std::string encode(const Envelope& envelope);

// Whole envelopes in memory: for tests, and for daemons that take them in frames.
Result<Envelope> decode_envelope(std::string_view wire);

// One address record after the other from a stream of pieces, so that a million recipients need no
// memory. Feed bytes; take what is ready. Ends at the empty record; what follows is the extension
// block.
class EnvelopeReader {
public:
    enum class Problem { none, too_long, malformed };

    // Consumes from the front of bytes until one record is whole or bytes is empty.
    // letter 'F' or 'T' with the address; '\0' for the ending empty record.
    struct Item {
        char letter;
        std::string address;
    };
    std::optional<Item> take(std::string_view& bytes);

    Problem problem() const
    {
        return problem_;
    }   // once set, take() returns nullopt and consumes nothing
    bool ended() const { return ended_; }

private:
    std::string pending_;
    bool sender_seen_ = false, ended_ = false;
    Problem problem_ = Problem::none;
};

}
