#include "send/reply_of.hpp"

#include "base/mail/reply.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel::send {

namespace {

constexpr std::size_t longest_text = 900;
constexpr std::string_view said = "Remote host said: ";

// "4.7.1", of that class; nullopt: it is none.
std::optional<std::string> status(std::string_view word, char wanted_class)
{
    const auto parts = split(word, '.');
    if (parts.size() != 3 || parts[0].size() != 1 || word.front() != wanted_class)
        return std::nullopt;
    for (const auto part : parts)
        if (part.empty() || part.size() > 3 || !std::all_of(part.begin(), part.end(), is_digit))
            return std::nullopt;
    return std::string(word);
}

// One line without control characters.
std::string one_line(std::string_view text)
{
    std::string line(text.substr(0, longest_text));
    std::replace_if(
        line.begin(), line.end(), [](char c) { return (c >= 0 && c < 32) || c == 127; }, ' ');
    return std::string(trim(line));
}

std::optional<hooks::Response> remote_words(std::string_view report)
{
    const auto at = report.find(said);
    if (at == std::string_view::npos) return std::nullopt;
    const auto whole = std::string(report.substr(at + said.size())) + '\n';
    std::string_view bytes = whole;
    ReplyReader reader;
    if (reader.take(bytes) != ReplyReader::State::done) return std::nullopt;
    auto reply = reader.release();
    hooks::Response response{reply.code, {}, {}};
    const char digit = static_cast<char>('0' + reply.code / 100);
    std::string text;
    for (std::string_view line : reply.lines) {
        // RFC 2034: each line begins with the status.
        const auto word = line.substr(0, line.find(' '));
        if (auto found = status(word, digit)) {
            line.remove_prefix(std::min(line.size(), word.size() + 1));
            if (!response.enhanced) response.enhanced = std::move(found);
        }
        text.append(text.empty() ? "" : " ").append(line);
    }
    response.message = one_line(text);
    return response;
}

// "(#4.4.1)" as our programs write it behind their words; it is taken out of text.
std::optional<std::string> take_status(std::string& text, char wanted_class)
{
    const auto begin = text.rfind("(#");
    const auto end = begin == std::string::npos ? begin : text.find(')', begin);
    if (end == std::string::npos) return std::nullopt;
    auto found = status(std::string_view(text).substr(begin + 2, end - begin - 2), wanted_class);
    if (found) text.erase(begin, end - begin + 1);
    return found;
}

}

hooks::Response reply_of(char letter, std::string_view report)
{
    if (auto words = remote_words(report)) return *words;
    const char digit = letter == 'K' ? '2' : letter == 'D' ? '5' : '4';
    std::string text(report);
    const auto found = take_status(text, digit);
    const int code = digit == '2' ? 250 : digit == '4' ? 451 : found ? 550 : 554;
    return {code, found.value_or(std::string(1, digit) + ".0.0"), one_line(text)};
}

std::string encode_reply(const hooks::Response& reply)
{
    auto record = std::to_string(reply.code);
    if (reply.enhanced) record += ' ' + *reply.enhanced;
    return record + ' ' + reply.message.substr(0, longest_text);
}

std::optional<hooks::Response> decode_reply(std::string_view record)
{
    const auto code = parse_number<unsigned>(record.substr(0, record.find(' ')));
    if (!code || *code < 200 || *code > 599 || record.size() < 4) return std::nullopt;
    record.remove_prefix(4);
    hooks::Response reply{static_cast<int>(*code), {}, {}};
    const auto word = record.substr(0, record.find(' '));
    reply.enhanced = status(word, static_cast<char>('0' + *code / 100));
    if (reply.enhanced) record.remove_prefix(std::min(record.size(), word.size() + 1));
    reply.message = one_line(record);
    return reply;
}

}
