// What a qmail-remote that lives long goes by. A file of control/ that was changed, and
// resolv.conf, count for the next delivery, as if that were a process of its own; what the DNS said
// is remembered.
#pragma once

#include "base/net/dns.hpp"
#include "base/net/loop.hpp"
#include "remote/config.hpp"
#include "remote/file_watch.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace grapnel::remote {

class LiveSetup {
public:
    explicit LiveSetup(net::Executor executor);
    ~LiveSetup();

    // Shared with the deliveries that began under it. Throws as read_config.
    std::shared_ptr<const Config> config();
    // For a delivery that goes by config. One that could not find something out is not asked for
    // long: it may remember too well who did not answer.
    std::shared_ptr<net::Dns> dns(const Config& config);
    // The same, and its answers say whether DNSSEC proves them: another one, because a name server
    // that knows nothing of DNSSEC has no answers for it.
    std::shared_ptr<net::Dns> proving_dns(const Config& config);

private:
    class Noting;
    struct Resolver {
        std::shared_ptr<Noting> dns = {};   // shared with the deliveries that use it
        std::vector<std::string> servers = {}, anchors = {};
    };
    std::shared_ptr<net::Dns> current(Resolver& resolver, const std::vector<std::string>& servers,
                                      const std::vector<std::string>& anchors);
    net::Executor executor_;
    FileWatch control_, resolv_conf_;
    std::shared_ptr<const Config> config_;
    std::chrono::steady_clock::time_point read_{};
    Resolver plain_, proving_;
};

}
