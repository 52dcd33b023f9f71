// Descriptor 1 of qmail-queue becomes the bytes of todo/N, whatever the pieces it comes in.
// Extension records come last but stand among the addresses in todo, so the addresses are kept
// until it is known what follows: in memory up to 64 KiB, beyond that in a file without a name.
// Memory does not grow with recipients.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/mail/extension.hpp"
#include "base/sys/fd.hpp"
#include "base/sys/file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::queue {

// F and T records in the order of their coming, read back once.
class AddressStore {
public:
    // scratch: the name under which the file is made, for a moment, when memory does not do.
    explicit AddressStore(std::string scratch) : scratch_(std::move(scratch)) {}
    AddressStore(const AddressStore&) = delete;
    ~AddressStore();   // a name that could not be removed at once is tried again
    void append(char letter, std::string_view address);
    std::optional<std::string> next();   // "Taddress"; after the last append only

private:
    std::string scratch_, buffer_;
    std::size_t read_ = 0;
    bool named_ = false;
    Fd file_;
    std::optional<Reader> reader_;
};

// qmail-send reads all of todo/N at once: nobody may make one that is too much for it. Far more
// than any list has.
constexpr std::size_t most_recipients = 1'000'000, longest_envelope = std::size_t{64} << 20;

class Taps;

class EnvelopeIntake {
public:
    // todo: where the bytes go. uid, pid: as the u and p records shall say. taps: who gets a copy,
    // as one more recipient behind all others; may be absent.
    EnvelopeIntake(int todo, std::uint64_t uid, std::uint64_t pid, std::string scratch,
                   const Taps* taps = nullptr);

    // Throws Stop (11, 31, 53, 91): nothing may be queued then.
    void feed(std::string_view bytes);
    void
    finish();   // the input is at its end, or complete(). Throws Stop (54) where it must not end

    bool addresses_complete() const { return addresses_.ended(); }
    bool block_begun() const { return block_begun_; }   // a byte followed the addresses
    bool complete() const
    {
        return block_begun_ && block_->ended();
    }   // nothing that comes now counts
    const Extensions& message_extensions() const { return message_level_; }   // after finish()

private:
    void take_addresses(std::string_view& bytes);
    void add_tap();
    void take_block(std::string_view& bytes);
    void merge(ExtensionReader::Level&& level);
    void write_head();
    bool write_recipient();

    std::uint64_t uid_, pid_;
    EnvelopeReader addresses_;
    AddressStore store_;
    const Taps* taps_;
    const std::string* tap_ = nullptr;   // to whom this one is copied
    std::size_t recipient_count_ = 0, given_ = 0, written_ = 0, fed_ = 0;
    std::optional<ExtensionReader> block_;
    bool block_begun_ = false, head_written_ = false;
    Extensions message_level_;
    Writer todo_;
};

}
