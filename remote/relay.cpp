#include "remote/relay.hpp"

#include "base/text.hpp"
#include "remote/route.hpp"

#include <utility>

namespace grapnel::remote {

namespace {

Failure bad_route() { return temporary("Unable to read control files. (#4.3.0)\n"); }

Failure nowhere_to_log_in()
{
    return temporary("A name and password are set for this mail, but no relay to use them with. "
                     "(#4.3.5)\n");
}

// "user|password": what stands behind the second bar is the password, whatever it is.
Result<std::shared_ptr<const Login>> parse_login(std::string_view text)
{
    const auto bar = text.find('|');
    if (bar == std::string_view::npos || bar == 0) return bad_route();
    auto login = std::make_shared<Login>();
    login->user = text.substr(0, bar);
    login->password = net::Secret(text.substr(bar + 1));
    return std::shared_ptr<const Login>(std::move(login));
}

Result<std::optional<Relay>> parse_relay(std::string_view text)
{
    if (text.empty()) return std::optional<Relay>();
    Relay relay;
    if (const auto bar = text.find('|'); bar != std::string_view::npos) {
        auto login = parse_login(text.substr(bar + 1));
        if (!login) return login.error();
        relay.login = std::move(*login);
        text = text.substr(0, bar);
        if (text.empty()) return nowhere_to_log_in();
    }
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return bad_route();
        const auto address = parse_address_literal(text.substr(0, end + 1));
        if (!address) return bad_route();
        relay.host = address->text();
        text.remove_prefix(end + 1);
    } else {
        relay.host = text.substr(0, text.find(':'));
        text.remove_prefix(relay.host.size());
    }
    if (relay.host.empty() || (!text.empty() && text.front() != ':')) return bad_route();
    if (text.size() <= 1) return std::optional(std::move(relay));
    const auto port = parse_number<std::uint16_t>(text.substr(1));
    if (!port || *port == 0) return bad_route();
    relay.port = *port;
    return std::optional(std::move(relay));
}

}

Result<std::optional<Relay>> relay_for(const NameMap& routes, std::string_view domain)
{
    auto names = domain_and_suffixes(domain);
    names.emplace_back();
    for (const auto name : names)
        if (const auto* value = routes.find(name)) return parse_relay(*value);
    return std::optional<Relay>();
}

Result<std::optional<Relay>> relay_of_sender(const NameMap& senders, std::string_view sender)
{
    if (senders.empty()) return std::optional<Relay>();
    for (std::size_t i = 0; i <= sender.size(); ++i) {
        const bool begins = i == 0 || i == sender.size() || sender[i] == '.' || sender[i] == '@';
        const auto* value = begins ? senders.find(sender.substr(i)) : nullptr;
        if (value) return parse_relay(*value);
    }
    return std::optional<Relay>();
}

}
