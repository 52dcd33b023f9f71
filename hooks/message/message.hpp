// A message as byte ranges over what was received, seen as JMAP's Email (mta-hooks section 8), and
// edited without ever being written anew (sections 11, 17): what no edit names stays, octet for
// octet. Descriptors hold LF line ends; every size and view here is of the CRLF form. A value: a
// copy is cheap and independent. Never fails because of a message's structure.
#pragma once

#include "base/result.hpp"
#include "base/sys/fd.hpp"
#include "hooks/values/operation.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::hooks {

struct MessageRules {
    bool smtputf8 = false;              // header fields may hold UTF-8
    std::uint64_t limit = UINT64_MAX;   // octets after edits (C57)
    bool is_notification = false;       // dsn: delete /message and /rawMessage suppress it
};

struct MessageState;

class Message {
public:
    // All of it, read or mapped. Throws system_error where it cannot be read.
    // binary: behind the header stands what was sent, not lines (RFC 3030); it is shown so, and
    // only a whole new message can change it.
    explicit Message(int descriptor, bool binary = false);
    explicit Message(std::string text, bool binary = false);   // LF line ends
    Message(const Message&);
    Message(Message&&) noexcept;
    Message& operator=(const Message&);
    Message& operator=(Message&&) noexcept;
    ~Message();

    std::uint64_t size() const;   // octets of rawMessage

    // The object `message` with these members and no others; pointers are relative to it
    // ("/headers",
    // "/subject", "/header:X-A:asText"), "" for everything. Parses no MIME where no wanted member
    // needs it.
    boost::json::object properties(const std::vector<Pointer>& wanted) const;

    // An edit whose path begins with /message or is /rawMessage. A Failure is a failed
    // modification: this message is as it was before; its text is the reason, without any value.
    Result<> apply(const Operation& operation, const MessageRules& rules);
    void begin_response();     // the edits from here on come from one answer (C57)
    bool changed() const;      // since it was made
    bool suppressed() const;   // a notification of which a scanner deleted /message or /rawMessage

    // rawMessage in pieces, CRLF, from the beginning each time: fills the room, returns how much;
    // 0 at the end. Reads the message as it was when the reader was made.
    class Reader {
    public:
        explicit Reader(const Message& message);
        Reader(Reader&&) noexcept;
        ~Reader();
        std::size_t read(char* room, std::size_t size);

    private:
        struct State;
        std::unique_ptr<State> state_;
    };

    // LF form, from its beginning, to be read only: a sealed memfd or, over 64 KiB, an unlinked
    // file below directory. Throws system_error.
    Fd write(const std::string& directory) const;

    // For filters (mta-hooks section 16): decoded text.
    std::vector<std::string> field_texts(std::string_view name) const;   // unfolded, decoded
    std::vector<std::string> body_texts() const;                         // of the text parts
    bool has_attachment() const;

private:
    std::shared_ptr<MessageState> state_;   // shared by copies and readers: changed only when alone
};

}
