#include "remote/report.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace grapnel::remote {

namespace {

std::string record(char letter, std::string text)
{
    std::replace(text.begin(), text.end(), '\0', '?');
    return letter + std::move(text) + '\0';
}

bool is_one_of(char letter, std::string_view letters)
{
    return letters.find(letter) != std::string_view::npos;
}

int rank(char letter) { return letter == 'K' ? 1 : letter == 'Z' ? 0 : -1; }

}

std::string encode(const Report& report)
{
    std::string bytes;
    for (const auto& recipient : report.recipients)
        bytes += record(recipient.letter, recipient.text);
    return bytes + record(report.letter, report.text);
}

Result<Report> decode_report(std::string_view bytes)
{
    Report report;
    while (const auto text = take_until(bytes, '\0')) {
        if (text->empty()) return temporary("qmail-remote wrote an empty record");
        const char letter = text->front();
        if (is_one_of(letter, "KZD")) {
            report.letter = letter;
            report.text = text->substr(1);
            return report;
        }
        if (!is_one_of(letter, "rhs")) return temporary("qmail-remote wrote an unknown record");
        report.recipients.push_back({letter, std::string(text->substr(1))});
    }
    return temporary("qmail-remote's report is cut short");
}

Digest digest(std::string_view output)
{
    char message = 'D';
    std::string_view rest = output;
    while (const auto text = take_until(rest, '\0'))
        if (!text->empty() && is_one_of(text->front(), "KZD")) {
            message = text->front();
            break;
        }
    Digest result{message, {}};
    if (output.starts_with('s')) result.letter = 'Z';
    if (output.starts_with('h')) result.letter = 'D';

    // The first text ends at the first NUL behind the letter, whatever the letter is.
    const auto end = output.find('\0', 1);
    if (end == std::string_view::npos) return result;
    result.text = output.substr(1, end - 1);
    rest = output.substr(end + 1);
    if (rank(message) <= rank(result.letter) && !rest.empty() && is_one_of(rest.front(), "KZD"))
        result.text += rest.substr(1, std::min(rest.find('\0'), rest.size()) - 1);
    return result;
}

}
