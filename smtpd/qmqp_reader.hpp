// A QMQP request from pieces of a stream: a netstring of netstrings, message, sender, recipients.
// Pure; keeps nothing of the message.
#pragma once

#include "base/mail/netstring.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::smtpd {

class QmqpReader {
public:
    // begin: the message comes next. text: a piece of it. sender, recipient: one address.
    // end: the request is whole. malformed, too_large: nothing more may be read.
    enum class Step { more, begin, text, sender, recipient, end, malformed, too_large };

    // Consumes from the front of bytes until there is something to say; more: bytes is used up.
    Step take(std::string_view& bytes);

    std::string_view text() const { return text_; }   // in the bytes given
    // After sender, recipient. nullopt: of 1000 bytes or more, or with a NUL.
    const std::optional<std::string>& address() const { return address_; }

private:
    enum class Part { whole_size, size, message, message_end, address, address_end, whole_end };
    // Each consumes what it can of bytes; nullopt: there is nothing to say yet.
    std::optional<Step> read_part(std::string_view& bytes);
    std::optional<Step> read_size(std::string_view& bytes);
    std::optional<Step> begin_content();
    std::optional<Step> read_message(std::string_view& bytes);
    std::optional<Step> read_address(std::string_view& bytes);
    Step end_address();
    std::string_view spend(std::string_view& bytes, std::uint64_t count);

    Part part_ = Part::whole_size;
    NetstringSize size_;
    std::uint64_t whole_left_ = most_size_digits, left_ = 0;
    bool message_seen_ = false, sender_seen_ = false, is_good_ = true;
    std::string_view text_;
    std::string collected_;
    std::optional<std::string> address_;

    static constexpr std::uint64_t most_size_digits = 100;
};

}
