#include "smtpd/command.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel::smtpd {

void CommandReader::keep(std::string_view piece)
{
    total_ += piece.size();
    if (total_ <= longest_auth) line_ += piece;
    secret_ = starts_with_ignoring_case(line_, "AUTH ");
}

std::size_t CommandReader::limit() const { return is_secret() ? longest_auth : longest_command; }

std::optional<CommandLine> CommandReader::finish()
{
    CommandLine line;
    if (total_ > limit())
        line.fault = CommandLine::Fault::too_long;
    else if (bare_)
        line.fault = CommandLine::Fault::bare;
    else
        line.text = std::move(line_);
    line_.assign(line_.capacity(), '\0');   // it may have been a password
    line_ = std::string();
    total_ = 0;
    carriage_return_ = bare_ = false;
    if (!bare_lf_) return line;
    if (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
    line.text.resize(std::min(line.text.size(), line.text.find('\0')));
    return line;
}

std::optional<CommandLine> CommandReader::take(std::string_view& bytes)
{
    while (!bytes.empty()) {
        const auto end =
            bytes.find_first_of(bare_lf_ ? std::string_view("\n") : std::string_view("\r\n\0", 3));
        if (carriage_return_ && end != 0) bare_ = true;
        carriage_return_ = carriage_return_ && end == 0;
        const auto piece = bytes.substr(0, end);
        keep(piece);
        bytes.remove_prefix(piece.size());
        if (total_ > hopeless_command) return CommandLine{{}, CommandLine::Fault::hopeless};
        if (piece.size() != end) continue;
        const char special = bytes.front();
        bytes.remove_prefix(1);
        ++total_;
        if (special == '\n' && (bare_lf_ || carriage_return_)) {
            total_ -= bare_lf_ ? 1 : 2;   // the limit is on the text; the reply speaks of the line
            return finish();
        }
        if (special != '\r' || carriage_return_) bare_ = true;
        carriage_return_ = special == '\r';
    }
    return std::nullopt;
}

std::optional<Chunk> parse_chunk(std::string_view argument)
{
    const auto size = parse_number(argument.substr(0, argument.find(' ')));
    const auto last = trim(argument.substr(std::min(argument.size(), argument.find(' '))));
    if (!size || !(last.empty() || equal_ignoring_case(last, "LAST"))) return std::nullopt;
    return Chunk{*size, !last.empty()};
}

Command split_command(std::string_view line)
{
    const auto blank = line.find(' ');
    if (blank == std::string_view::npos) return {line, {}};
    auto argument = line.substr(blank);
    argument.remove_prefix(std::min(argument.size(), argument.find_first_not_of(' ')));
    return {line.substr(0, blank), argument};
}

}
