#include "remote/live_setup.hpp"

#include "base/settings.hpp"

#include <utility>

namespace asio = boost::asio;

namespace grapnel::remote {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// The addresses of this host are part of the configuration, and no file tells of their change.
constexpr auto longest_belief = 1s;
constexpr auto shortest_resolver_life = 5s;

std::vector<std::string> control_files()
{
    const Control control("control");
    std::vector<std::string> paths{control.path("me")};
    for (const auto& setting : settings)
        if (setting.readers.find("qmail-remote") != std::string_view::npos)
            paths.push_back(control.path(setting.name));
    return paths;
}

}

class LiveSetup::Noting final : public net::Dns {
public:
    Noting(net::Executor executor, std::vector<std::string> servers,
           std::vector<std::string> anchors)
        : inner_(net::make_dns(std::move(executor), std::move(servers), std::move(anchors)))
    {
    }

    asio::awaitable<net::DnsAnswer<net::MxRecord>> mx(std::string domain,
                                                      Deadline deadline) override
    {
        auto answer = co_await inner_->mx(std::move(domain), deadline);
        note(answer.outcome);
        co_return answer;
    }

    asio::awaitable<net::DnsAnswer<net::IpAddress>> addresses(std::string host,
                                                              Deadline deadline) override
    {
        auto answer = co_await inner_->addresses(std::move(host), deadline);
        note(answer.outcome);
        co_return answer;
    }

    bool is_doubtful() const { return failed_ && Clock::now() - made_ > shortest_resolver_life; }

private:
    void note(net::DnsOutcome outcome) { failed_ = failed_ || outcome == net::DnsOutcome::failed; }

    std::unique_ptr<net::Dns> inner_;
    Clock::time_point made_ = Clock::now();
    bool failed_ = false;
};

LiveSetup::LiveSetup(net::Executor executor)
    : executor_(std::move(executor)), control_(control_files()), resolv_conf_({"/etc/resolv.conf"})
{
}

LiveSetup::~LiveSetup() = default;

std::shared_ptr<const Config> LiveSetup::config()
{
    const bool changed = control_.changed();
    if (config_ && !changed && Clock::now() - read_ < longest_belief) return config_;
    config_.reset();
    config_ = std::make_shared<const Config>(read_config(Control("control")));
    read_ = Clock::now();
    return config_;
}

std::shared_ptr<net::Dns> LiveSetup::dns(const Config& config)
{
    return current(plain_, config.resolvers, {});
}

std::shared_ptr<net::Dns> LiveSetup::proving_dns(const Config& config)
{
    return current(proving_, config.resolvers, config.trust_anchors);
}

std::shared_ptr<net::Dns> LiveSetup::current(Resolver& resolver,
                                             const std::vector<std::string>& servers,
                                             const std::vector<std::string>& anchors)
{
    if (resolv_conf_.changed()) {
        plain_.dns.reset();
        proving_.dns.reset();
    }
    auto& dns = resolver.dns;
    const bool same = servers == resolver.servers && anchors == resolver.anchors;
    if (dns && same && !dns->is_doubtful()) return dns;
    resolver.servers = servers;
    resolver.anchors = anchors;
    dns = std::make_shared<Noting>(executor_, servers, anchors);
    return dns;
}

}
