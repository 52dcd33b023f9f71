#include "base/mail/reply.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace grapnel {

namespace {
constexpr std::size_t longest_reply_line = 4096, longest_reply = 65536,
                      longest_written_text = 512 - 6;
}

std::string Reply::text() const { return join(lines, "\n"); }

void append_reply_line(std::string& wire, int code, bool last, std::string_view prefix,
                       std::string_view text)
{
    wire += std::to_string(code);
    wire += last ? ' ' : '-';
    const auto begin = wire.size();
    wire += prefix;
    wire += text;
    wire.resize(std::min(wire.size(), begin + longest_written_text));
    std::replace_if(
        wire.begin() + static_cast<std::ptrdiff_t>(begin), wire.end(),
        [](char c) { return c < 32 || c > 126; }, '?');
    wire += "\r\n";
}

std::string encode(const Reply& reply)
{
    std::string wire;
    for (const auto& line : reply.lines)
        append_reply_line(wire, reply.code, &line == &reply.lines.back(), {}, line);
    return wire;
}

// Adds the collected line; true when it was the last one. Sets code to -1 where it is no reply
// line.
bool ReplyReader::line_done()
{
    std::string_view line = line_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const bool numbered = line.size() >= 3 &&
                          std::all_of(line.begin(), line.begin() + 3, is_digit) && line[0] >= '2' &&
                          line[0] <= '5' && (line.size() == 3 || line[3] == ' ' || line[3] == '-');
    if (!numbered) {
        reply_.code = -1;
        return true;
    }
    reply_.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    reply_.lines.emplace_back(line.substr(std::min<std::size_t>(4, line.size())));
    const bool last = line.size() == 3 || line[3] == ' ';
    line_.clear();
    return last;
}

ReplyReader::State ReplyReader::take(std::string_view& bytes)
{
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        const auto piece = bytes.substr(0, end);
        line_ += piece;
        total_ += piece.size() + 1;
        if (line_.size() > longest_reply_line || total_ > longest_reply) return State::too_long;
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (end != std::string_view::npos && line_done())
            return reply_.code < 0 ? State::malformed : State::done;
    }
    return State::more;
}

Reply ReplyReader::release()
{
    total_ = 0;
    line_.clear();
    return std::exchange(reply_, Reply());
}

}
