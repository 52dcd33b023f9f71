#include "remote/verdict.hpp"

#include <string_view>

namespace grapnel::remote {

Outcome Verdict::of(std::size_t recipient) const
{
    if (recipient < recipients.size() && !recipients[recipient].accepted)
        return recipients[recipient].outcome;
    return message;
}

Report Verdict::report() const
{
    const auto letter = [](Fate fate, std::string_view letters) {
        return letters[static_cast<std::size_t>(fate)];
    };
    Report report;
    for (const auto& recipient : recipients) {
        if (recipient.accepted)
            report.recipients.push_back({'r', {}});
        else
            report.recipients.push_back(
                {letter(recipient.outcome.fate, "rsh"), recipient.outcome.text});
    }
    report.letter = letter(message.fate, "KZD");
    report.text = message.text;
    return report;
}

}
