// An SMTP reply, both ways: code, lines of text; RFC 5321 4.2. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel {

struct Reply {
    int code = 0;
    std::vector<std::string> lines = {};   // without code, separator and CR LF; at least one

    Reply() = default;
    Reply(int number, std::string text) : code(number), lines{std::move(text)} {}
    Reply(int number, std::vector<std::string> all) : code(number), lines(std::move(all)) {}

    bool positive() const { return code >= 200 && code < 400; }
    bool temporary() const { return code >= 400 && code < 500; }
    bool permanent() const { return code >= 500; }
    std::string text() const;   // lines joined by LF
};

// "250-a CR LF 250 b CR LF"; each line's text is made printable US-ASCII and cut to the 512 octets
// of 4.5.3.1.5.
std::string encode(const Reply& reply);
// One line of it, at the end of wire. prefix: words in front of text.
void append_reply_line(std::string& wire, int code, bool last, std::string_view prefix,
                       std::string_view text);

// Reads a reply from pieces of a stream. Limits: 4 KiB a line, 64 KiB in all.
class ReplyReader {
public:
    enum class State { more, done, malformed, too_long };
    // Consumes from the front of bytes what belongs to this reply.
    State take(std::string_view& bytes);
    Reply release();   // after done: the reply; the reader starts again

private:
    bool line_done();
    Reply reply_;
    std::string line_;
    std::size_t total_ = 0;
};

}
