#include "smtpd/ruling.hpp"

#include "base/mail/extension.hpp"
#include "base/sys/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace grapnel::smtpd {

namespace {

using hooks::Action;
using hooks::Decision;
using hooks::Stage;

constexpr std::size_t longest_text = 450;

std::string author_of(const Decision& decision)
{
    const auto& scanner = decision.scanner;
    std::string by = (scanner.empty() ? "-" : scanner) + '/' + decision.reason;
    return by.substr(0, longest_extension_value);
}

Fate fate_of(Action action)
{
    if (action == Action::quarantine) return Fate::held;
    return action == Action::discard ? Fate::dropped : Fate::normal;
}

// "C.7.1" with the class of the code.
std::string usual_code(int code, std::string_view rest)
{
    return std::string(1, static_cast<char>('0' + code / 100)) += std::string(rest);
}

bool fits(const std::string& enhanced, int code)
{
    const auto parts = split(enhanced, '.');
    return parts.size() == 3 && parts[0] == std::to_string(code / 100) &&
           std::all_of(parts.begin() + 1, parts.end(), [](std::string_view part) {
               return part.size() <= 3 && parse_number<unsigned>(part).has_value();
           });
}

// Of a scanner, the code being one that may be used.
Answer refusal(const hooks::Response& response, std::string_view otherwise)
{
    const bool has_code = response.enhanced && fits(*response.enhanced, response.code);
    const auto text = printable(response.message, longest_text);
    return Answer(response.code,
                  has_code ? *response.enhanced : usual_code(response.code, otherwise),
                  text.empty() ? "Rejected by policy" : text);
}

Answer rejected(const Decision& decision, Stage stage)
{
    const bool at_connect = stage == Stage::connect;
    const auto& response = decision.response;
    const int code = response ? response->code : 0;
    if (code < 400 || code > 599)
        return Answer(at_connect ? 554 : 550, "5.7.1", "Rejected by policy");
    Answer answer = refusal(*response, ".7.1");
    if (at_connect) answer.code = code < 500 ? 421 : 554;
    if (answer.code == 421) answer.hang_up = true;
    return answer;
}

Answer disconnected(const Decision& decision)
{
    const auto& response = decision.response;
    const bool usable =
        response && (response->code == 421 || (response->code >= 500 && response->code <= 599));
    Answer answer =
        usable ? refusal(*response, ".7.0") : Answer(421, "4.7.0", "Rejected by policy");
    return answer.and_hang_up();
}

// Banner and EHLO begin with our name, whatever follows (RFC 5321 4.2).
Answer in_other_words(const hooks::Response& response, Stage stage, Answer ours)
{
    if (response.code != ours.code) return ours;
    auto text = printable(response.message, longest_text);
    if (text.empty()) return ours;
    const auto name = ours.lines.front().substr(0, ours.lines.front().find(' '));
    const bool with_name = stage == Stage::connect || stage == Stage::ehlo;
    if (with_name && text != name && !text.starts_with(name + ' ')) text.insert(0, name + ' ');
    ours.lines.front() = std::move(text);
    if (!ours.enhanced.empty() && response.enhanced && fits(*response.enhanced, ours.code))
        ours.enhanced = *response.enhanced;
    return ours;
}

}

void Ruling::take(const Decision& decision)
{
    const auto next = fate_of(decision.action);
    if (next == fate || (next < fate && decision.scanner.empty())) return;
    fate = next;
    by = fate == Fate::normal ? "" : author_of(decision);
}

bool is_refusal(const Decision& decision)
{
    return decision.action == Action::reject || decision.action == Action::disconnect;
}

hooks::Response response_of(const Answer& answer)
{
    hooks::Response response{answer.code, std::nullopt, answer.lines.front()};
    if (!answer.enhanced.empty()) response.enhanced = answer.enhanced;
    return response;
}

Answer reply_by(const Decision& decision, Stage stage, Answer ours)
{
    if (!is_refusal(decision))
        return decision.response ? in_other_words(*decision.response, stage, std::move(ours))
                                 : std::move(ours);
    Answer answer =
        decision.action == Action::reject ? rejected(decision, stage) : disconnected(decision);
    return answer.because("hooks:" + author_of(decision));
}

}
