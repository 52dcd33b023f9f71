#include "smtpd/answer.hpp"

#include "base/mail/reply.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace grapnel::smtpd {

void append(std::string& wire, const Answer& answer, bool with_enhanced_codes)
{
    std::string prefix;
    if (with_enhanced_codes && !answer.enhanced.empty()) prefix = answer.enhanced + ' ';
    for (const auto& line : answer.lines)
        append_reply_line(wire, answer.code, &line == &answer.lines.back(), prefix, line);
}

namespace {
// "5.7.1": class digit as the code's, subject and detail of up to three digits.
bool is_enhanced_code(std::string_view text, char category)
{
    const auto parts = split(text, '.');
    return parts.size() == 3 && parts[0].size() == 1 && parts[0][0] == category &&
           std::all_of(parts.begin() + 1, parts.end(), [](std::string_view part) {
               return part.size() <= 3 && parse_number<unsigned>(part).has_value();
           });
}
}

bool parse_code_and_text(std::string_view text, Answer& answer)
{
    const auto code = parse_number<unsigned>(text.substr(0, 3));
    if (!code || *code < 400 || *code > 599 || (text.size() > 3 && text[3] != ' ')) return false;
    auto words = trim(text.substr(std::min<std::size_t>(4, text.size())));
    answer.code = static_cast<int>(*code);
    answer.enhanced = *code < 500 ? "4.7.1" : "5.7.1";
    const auto blank = words.find(' ');
    if (is_enhanced_code(words.substr(0, blank), text[0])) {
        answer.enhanced = words.substr(0, blank);
        words = blank == std::string_view::npos ? "" : trim(words.substr(blank));
    }
    answer.lines = {words.empty() ? "refused" : std::string(words)};
    return true;
}

}
