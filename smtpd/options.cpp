#include "smtpd/options.hpp"

#include "base/text.hpp"

#include <cstddef>

namespace grapnel::smtpd {

namespace {

constexpr unsigned most_workers = 256;

Result<Service> parse_service(std::string_view word)
{
    if (const auto service = service_named(word)) return *service;
    return permanent("no such service: " + std::string(word) +
                     "; there are smtp, smtps, submission, submissions, lmtp, lmtps");
}

Result<std::vector<net::Endpoint>> parse_endpoints(std::string_view text)
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return permanent("--listen wants ADDRESS:PORT, not " + std::string(text));
    const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
    if (!port) return permanent("no port number in " + std::string(text));
    auto host = text.substr(0, colon);
    if (host.empty())
        return std::vector<net::Endpoint>{{*net::IpAddress::parse("0.0.0.0"), *port},
                                          {*net::IpAddress::parse("::"), *port}};
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    const auto address = net::IpAddress::parse(host);
    if (!address || (address->is_v6() && host.size() == colon))
        return permanent("no IP address in " + std::string(text));
    return std::vector<net::Endpoint>{{*address, *port}};
}

Result<std::vector<Listener>> parse_listeners(std::string_view text)
{
    Service service;
    if (const auto at = text.find('@'); at != std::string_view::npos) {
        const auto named = parse_service(text.substr(0, at));
        if (!named) return named.error();
        service = *named;
        text.remove_prefix(at + 1);
    }
    const auto endpoints = parse_endpoints(text);
    if (!endpoints) return endpoints.error();
    std::vector<Listener> listeners;
    for (const auto& endpoint : *endpoints) {
        if (service.kind == Kind::lmtp && endpoint.port == 25)
            return permanent("LMTP is not for port 25 (RFC 2033)");
        listeners.push_back({service, endpoint});
    }
    return listeners;
}

}

namespace {

// HOST has no slash in it, and stands before two words or more. One who leaves out CHECKER must not
// have everybody let in by "true".
Result<std::vector<std::string>> parse_checker(std::vector<std::string> words)
{
    if (words.size() > 2 && words.front().find('/') == std::string::npos)
        words.erase(words.begin());
    if (words.size() < 2) return permanent("usage: qmail-smtpd [HOST] CHECKER PROGRAM ...");
    const auto& path = words.front();
    const auto name = path.substr(path.rfind('/') + 1);
    if (name == "true" || name == ":" || name.empty())
        return permanent(path + " is no program that judges passwords");
    return words;
}

}

Result<Options> parse_options(const std::vector<std::string>& words)
{
    Options options;
    bool named = false;
    for (std::size_t i = 1; i < words.size(); ++i) {
        std::string_view word = words[i], value;
        if (!word.starts_with('-')) {
            auto checker =
                parse_checker({words.begin() + static_cast<std::ptrdiff_t>(i), words.end()});
            if (!checker) return checker.error();
            options.checker = std::move(*checker);
            break;
        }
        const auto equals = word.find('=');
        if (equals != std::string_view::npos) {
            value = word.substr(equals + 1);
            word = word.substr(0, equals);
        } else if (i + 1 < words.size()) {
            value = words[++i];
        } else {
            return permanent(words[i] + " is unknown or lacks its value");
        }
        if (word == "--listen") {
            const auto listeners = parse_listeners(value);
            if (!listeners) return listeners.error();
            options.listen.insert(options.listen.end(), listeners->begin(), listeners->end());
        } else if (word == "--as") {
            const auto service = parse_service(value);
            if (!service) return service.error();
            options.service = *service;
            named = true;
        } else if (word == "--workers") {
            const auto number = parse_number<unsigned>(value);
            if (!number || *number == 0 || *number > most_workers)
                return permanent("--workers wants 1 to 256");
            options.workers = *number;
        } else {
            return permanent("unknown option " + std::string(word));
        }
    }
    if (!options.listen.empty() && named)
        return permanent("--as is for one session; --listen wants SERVICE@ADDRESS:PORT");
    if (options.listen.empty() && options.workers != 0)
        return permanent("--workers needs --listen");
    return options;
}

}
