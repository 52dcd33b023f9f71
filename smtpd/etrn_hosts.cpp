#include "smtpd/etrn_hosts.hpp"

#include "base/text.hpp"
#include "smtpd/command.hpp"

#include <algorithm>
#include <utility>

namespace grapnel::smtpd {

namespace {

std::vector<std::string> words_of(std::string line)
{
    std::replace(line.begin(), line.end(), '\t', ' ');
    std::vector<std::string> words;
    for (const auto word : split(line, ' '))
        if (!word.empty()) words.emplace_back(word);
    return words;
}

}

std::optional<queue::HastenRequest> parse_node(std::string_view text)
{
    const bool subdomains = text.starts_with('@');
    if (subdomains) text.remove_prefix(1);
    if (!is_host_name(text, true) || (subdomains && is_address_literal(text))) return std::nullopt;
    if (text.ends_with('.')) text.remove_suffix(1);
    return queue::HastenRequest{lower(text), subdomains};
}

EtrnHosts::EtrnHosts(const std::vector<std::string>& lines, std::vector<std::string>& bad)
{
    for (const auto& text : lines) {
        auto words = words_of(text);
        if (words.empty()) continue;
        Line line{parse_node(words[0]), {}};
        if (!line.domain && words[0] != "*") {
            bad.push_back(text);
            continue;
        }
        words.erase(words.begin());
        if (!words.empty()) line.clients.emplace(words);
        lines_.push_back(std::move(line));
    }
}

bool EtrnHosts::Line::is_for(const Client& client) const
{
    if (!clients) return client.may_relay;
    return clients->contains(client.address) ||
           (!client.user.empty() && clients->contains_user(client.user));
}

bool EtrnHosts::allows(const Client& client, const queue::HastenRequest& request) const
{
    return std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
        const bool is_meant = !line.domain || (covers(*line.domain, request.domain) &&
                                               (line.domain->subdomains || !request.subdomains));
        return is_meant && line.is_for(client);
    });
}

bool EtrnHosts::allows_anything(const Client& client) const
{
    return std::any_of(lines_.begin(), lines_.end(),
                       [&](const Line& line) { return line.is_for(client); });
}

}
