#include "smtpd/options.hpp"

#include "base/text.hpp"

namespace grapnel::smtpd {

namespace {
constexpr unsigned most_workers = 256;
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

Result<Options> parse_options(const std::vector<std::string>& words)
{
    Options options;
    for (std::size_t i = 1; i < words.size(); ++i) {
        std::string_view word = words[i], value;
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
            auto endpoints = parse_endpoints(value);
            if (!endpoints) return endpoints.error();
            options.listen.insert(options.listen.end(), endpoints->begin(), endpoints->end());
        } else if (word == "--workers") {
            const auto number = parse_number<unsigned>(value);
            if (!number || *number == 0 || *number > most_workers)
                return permanent("--workers wants 1 to 256");
            options.workers = *number;
        } else {
            return permanent("unknown option " + std::string(word));
        }
    }
    if (options.listen.empty() && options.workers != 0)
        return permanent("--workers needs --listen");
    return options;
}

}
