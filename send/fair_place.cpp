#include "send/fair_place.hpp"

#include "base/text.hpp"

#include <functional>
#include <string>

namespace grapnel::send {

FairKey destination_key(queue::Channel channel, std::string_view address)
{
    const auto at = address.rfind('@');
    if (channel == queue::Channel::remote)
        return std::hash<std::string>()(
            lower(at == std::string_view::npos ? address : address.substr(at + 1)));
    const auto local_part = address.substr(0, at);
    return std::hash<std::string>()(lower(local_part.substr(0, local_part.find('-'))));
}

FairKey sender_key(std::string_view sender) { return std::hash<std::string_view>()(sender); }

// What qmail-remote says of its own accord about connections and names has a status 4.4.x.
Fairness::Outcome outcome_of(queue::Channel channel, char letter, std::string_view text)
{
    using Outcome = Fairness::Outcome;
    const bool spoke = text.find("Remote host said: ") != std::string_view::npos;
    if (letter == 'K' || letter == 'D' || spoke) return Outcome::answered;
    const bool lost = letter == 'Z' && text.find("(#4.4.") != std::string_view::npos;
    return lost && channel == queue::Channel::remote ? Outcome::unreachable : Outcome::unknown;
}

}
