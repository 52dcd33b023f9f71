#include "smtpd/mail_domains.hpp"

#include "base/sys/control.hpp"
#include "base/sys/file.hpp"
#include "smtpd/asking.hpp"
#include "smtpd/log.hpp"

#include <boost/system/system_error.hpp>

#include <stdexcept>
#include <utility>

namespace grapnel::smtpd {

boost::asio::awaitable<MailDomain> mail_domain(net::Dns& dns, std::string domain,
                                               net::Dns::Deadline deadline)
{
    using net::DnsOutcome;
    std::string question = domain;
    const auto mx = co_await dns.mx(std::move(question), deadline);
    if (mx.outcome == DnsOutcome::failed) co_return MailDomain::doubtful;
    if (mx.outcome == DnsOutcome::found) {
        const bool null = mx.records.size() == 1 && mx.records.front().host == ".";
        co_return null ? MailDomain::takes_none : MailDomain::reachable;
    }
    // After "no such name", too: some servers say so of every type but the one that is there.
    const auto addresses = co_await dns.addresses(std::move(domain), deadline);
    if (addresses.outcome == DnsOutcome::failed) co_return MailDomain::doubtful;
    co_return addresses.outcome == DnsOutcome::found ? MailDomain::reachable : MailDomain::nowhere;
}

boost::asio::awaitable<MailDomain> MailDomains::find(std::string domain,
                                                     std::chrono::milliseconds limit)
{
    const Asking asking(asking_);
    if (asking_ > most_at_once) co_return MailDomain::doubtful;
    try {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        co_return co_await mail_domain(dns_, std::move(domain), deadline);
    } catch (const boost::system::system_error&) {   // nobody waits for it any more
        throw;
    } catch (const std::runtime_error& error) {   // the resolver cannot be started
        log::door(error.what());
        co_return MailDomain::doubtful;
    }
}

std::vector<std::string> name_servers()
{
    auto servers = Control().list("resolver").value_or(std::vector<std::string>());
    if (!servers.empty()) return servers;
    return net::resolv_conf_servers(read_file_if_there("/etc/resolv.conf", 64 * 1024).value_or(""));
}

}
