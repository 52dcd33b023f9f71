#include "smtpd/client_name.hpp"

#include "smtpd/asking.hpp"
#include "smtpd/log.hpp"

#include <algorithm>
#include <stdexcept>

namespace grapnel::smtpd {

namespace {
constexpr std::size_t most_names = 3;   // an address with more is no mail server's
constexpr std::size_t most_at_once = 200;
}

boost::asio::awaitable<ClientName> client_name(net::Dns& dns, net::IpAddress address,
                                               net::Dns::Deadline deadline)
{
    using net::DnsOutcome;
    auto names = co_await dns.names(address, deadline);
    bool doubtful = names.outcome == DnsOutcome::failed;
    if (names.records.size() > most_names) names.records.resize(most_names);
    for (auto& name : names.records) {
        if (name.empty() || name == ".") continue;
        std::string question = name;
        const auto found = co_await dns.addresses(std::move(question), deadline);
        const auto& all = found.records;
        if (std::find(all.begin(), all.end(), address) != all.end())
            co_return ClientName{std::move(name)};
        doubtful = doubtful || found.outcome == DnsOutcome::failed;
    }
    co_return ClientName{std::nullopt, doubtful};
}

boost::asio::awaitable<ClientName> ClientNames::find(net::IpAddress address,
                                                     std::chrono::seconds limit)
{
    const Asking asking(asking_);
    if (asking_ > most_at_once) co_return ClientName{std::nullopt, true};
    try {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        co_return co_await client_name(dns_, address, deadline);
    } catch (const std::runtime_error& error) {   // the resolver cannot be started
        log::door(error.what());
        co_return ClientName{std::nullopt, true};
    }
}

}
