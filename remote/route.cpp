#include "remote/route.hpp"

#include "base/mail/idna.hpp"
#include "base/sys/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <utility>

namespace asio = boost::asio;

namespace grapnel::remote {

namespace {

constexpr std::size_t most_questions = 40, most_hosts = 32, most_addresses_of_host = 16;
constexpr std::chrono::seconds lookup_limit{20};

Failure lookup_failed()
{
    return temporary("Sorry, I couldn't find any host by that name. (#4.1.2)\n");
}
Failure no_address()
{
    return permanent("Sorry, I couldn't find a mail exchanger or IP address. (#5.4.4)\n");
}

// Blanks are not for host names either, as in classic reports.
std::string shown(std::string_view host)
{
    std::string text = printable(host, 1000);
    std::replace(text.begin(), text.end(), ' ', '?');
    return text;
}

Failure no_host(std::string_view host)
{
    return permanent("Sorry, I couldn't find any host named " + shown(host) + ". (#5.1.2)\n");
}
Failure takes_no_mail(std::string_view host)
{
    return permanent("Sorry, " + shown(host) + " says that it takes no mail. (#5.1.10)\n");
}
Failure is_ourselves()
{
    return permanent(
        "Sorry. Although I'm listed as a best-preference MX or A for that host,\n"
        "it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)\n");
}

// Questions within the bounds of one delivery; over them the answer is "failed".
class Lookups {
public:
    explicit Lookups(net::Dns& dns)
        : dns_(dns), deadline_(std::chrono::steady_clock::now() + lookup_limit)
    {
    }

    asio::awaitable<net::DnsAnswer<net::MxRecord>> mx(std::string domain)
    {
        if (!may_ask(1)) co_return net::DnsAnswer<net::MxRecord>{};
        co_return co_await dns_.mx(std::move(domain), deadline_);
    }

    asio::awaitable<net::DnsAnswer<net::IpAddress>> addresses(std::string host)
    {
        if (!may_ask(2)) co_return net::DnsAnswer<net::IpAddress>{};
        auto answer = co_await dns_.addresses(std::move(host), deadline_);
        auto& records = answer.records;
        std::erase_if(records, [](const auto& address) { return address.is_multicast(); });
        if (records.size() > most_addresses_of_host) records.resize(most_addresses_of_host);
        if (answer.outcome == net::DnsOutcome::found && records.empty())
            answer.outcome = net::DnsOutcome::no_data;
        co_return answer;
    }

private:
    bool may_ask(std::size_t questions)
    {
        if (asked_ + questions > most_questions) return false;
        asked_ += questions;
        return true;
    }

    net::Dns& dns_;
    net::Dns::Deadline deadline_;
    std::size_t asked_ = 0;
};

// Families by turns: one that is broken costs one time-out, not all of them.
std::vector<net::IpAddress> alternated(const std::vector<net::IpAddress>& addresses, bool v4_first)
{
    std::vector<net::IpAddress> result, first, second;
    for (const auto& address : addresses)
        (address.is_v6() != v4_first ? first : second).push_back(address);
    for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
        if (i < first.size()) result.push_back(first[i]);
        if (i < second.size()) result.push_back(second[i]);
    }
    return result;
}

Route route_to(const std::vector<net::IpAddress>& addresses, const std::string& host,
               std::uint16_t port, const Config& config)
{
    Route route;
    for (const auto& address : alternated(addresses, config.prefer_v4))
        route.hops.push_back({{address, port}, host});
    return route;
}

asio::awaitable<Result<Route>> relay_route(Lookups& lookups, const Config& config, Relay relay)
{
    std::vector<net::IpAddress> addresses;
    if (const auto address = net::IpAddress::parse(relay.host)) {
        addresses.push_back(*address);
    } else {
        auto answer = co_await lookups.addresses(relay.host);
        if (answer.outcome == net::DnsOutcome::failed) co_return lookup_failed();
        if (answer.outcome != net::DnsOutcome::found) co_return no_host(relay.host);
        addresses = std::move(answer.records);
    }
    Route route = route_to(addresses, relay.host, relay.port, config);
    route.fixed = true;
    route.login = relay.login;
    co_return route;
}

bool is_usable(const net::MxRecord& record)
{
    const bool named = !record.host.empty() && record.host != "." &&
                       !equal_ignoring_case(record.host, "localhost");
    return named && !net::IpAddress::parse(record.host);
}

// Hosts by preference, those of one preference shuffled; 32 at most.
std::map<unsigned, std::vector<std::string>> by_preference(std::vector<net::MxRecord> records,
                                                           unsigned seed)
{
    std::minstd_rand random(seed);
    std::shuffle(records.begin(), records.end(), random);
    std::stable_sort(records.begin(), records.end(),
                     [](const auto& a, const auto& b) { return a.preference < b.preference; });
    if (records.size() > most_hosts) records.resize(most_hosts);
    std::map<unsigned, std::vector<std::string>> levels;
    for (auto& record : records) levels[record.preference].push_back(std::move(record.host));
    return levels;
}

// One level of preference after the other, until there are addresses enough or a host is us.
asio::awaitable<Result<Route>> mx_route(Lookups& lookups, const Config& config,
                                        std::vector<net::MxRecord> records, unsigned seed)
{
    Route route;
    bool some_failed = false, met_ourselves = false;
    for (const auto& [preference, hosts] : by_preference(std::move(records), seed)) {
        std::vector<NextHop> level;
        for (const auto& host : hosts) {
            const auto answer = co_await lookups.addresses(host);
            some_failed = some_failed || answer.outcome == net::DnsOutcome::failed;
            const auto& found = answer.records;
            met_ourselves = met_ourselves || equal_ignoring_case(host, config.ourselves.name) ||
                            std::any_of(found.begin(), found.end(), [&](const auto& address) {
                                return config.ourselves.owns(address);
                            });
            const auto hops = route_to(found, host, smtp_port, config).hops;
            level.insert(level.end(), hops.begin(), hops.end());
        }
        if (met_ourselves) break;
        route.hops.insert(route.hops.end(), level.begin(), level.end());
        if (route.hops.size() >= config.most_addresses) break;
    }
    if (!route.hops.empty()) co_return route;
    if (met_ourselves) co_return is_ourselves();
    if (some_failed) co_return lookup_failed();
    co_return no_address();
}

asio::awaitable<Result<Route>> domain_route(Lookups& lookups, const Config& config,
                                            std::string domain, unsigned seed)
{
    const auto name = ascii_domain(domain);
    if (!name) co_return no_host(domain);
    auto answer = co_await lookups.mx(*name);
    switch (answer.outcome) {
    case net::DnsOutcome::failed:
        co_return lookup_failed();
    case net::DnsOutcome::no_name:
        co_return no_host(domain);
    case net::DnsOutcome::no_data:
        answer.records = {{0, *name}};
        answer.secure = true;   // it is the name that was asked for
        break;                  // the implicit MX
    case net::DnsOutcome::found:
        if (answer.records.size() == 1 && answer.records.front().host == ".")
            co_return takes_no_mail(domain);
        std::erase_if(answer.records, [](const auto& record) { return !is_usable(record); });
    }
    auto route = co_await mx_route(lookups, config, std::move(answer.records), seed);
    if (route) route->proven = answer.secure;
    co_return route;
}

}

std::optional<net::IpAddress> parse_address_literal(std::string_view domain)
{
    if (!domain.starts_with('[')) {
        const auto address = net::IpAddress::parse(domain);
        return address && !address->is_v6() ? address : std::nullopt;
    }
    if (!domain.ends_with(']')) return std::nullopt;
    domain = domain.substr(1, domain.size() - 2);
    constexpr std::string_view tag = "IPv6:";
    if (!starts_with_ignoring_case(domain, tag)) return net::IpAddress::parse(domain);
    domain.remove_prefix(tag.size());
    return domain.find(':') == std::string_view::npos ? std::nullopt
                                                      : net::IpAddress::parse(domain);
}

namespace {

Result<std::optional<Relay>> find_relay(const Config& config, std::string_view domain,
                                        std::string_view sender)
{
    auto relay = relay_of_sender(config.senders, sender);
    if (!relay || *relay) return relay;
    return relay_for(config.routes, domain);
}

}

asio::awaitable<Result<Route>> find_route(net::Dns& dns, const Config& config, std::string domain,
                                          std::string sender, unsigned seed)
{
    Lookups lookups(dns);
    const auto relay = find_relay(config, domain, sender);
    if (!relay) co_return relay.error();
    if (*relay) co_return co_await relay_route(lookups, config, **relay);

    const auto address = parse_address_literal(domain);
    if (!address) co_return co_await domain_route(lookups, config, std::move(domain), seed);
    if (config.ourselves.owns(*address)) co_return is_ourselves();
    co_return route_to({*address}, domain, smtp_port, config);
}

}
