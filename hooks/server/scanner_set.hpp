// The scanners of control/hooks/ as the daemon has them: begun, read again when somebody asks,
// ended. One that is left out because of its settings stays among them and counts as failed.
#pragma once

#include "base/net/timer.hpp"
#include "hooks/calls/live_scanner.hpp"
#include "hooks/chain/metrics.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace grapnel::hooks {

using BeginScanner = std::function<std::shared_ptr<LiveScanner>(const ScannerSettings&)>;

class ScannerSet {
public:
    // log: what changes, and why a scanner is left out.
    ScannerSet(net::Executor executor, std::string control, BeginScanner begin,
               std::function<void(std::string_view line)> log);

    void reload();
    std::vector<std::shared_ptr<Scanner>> all() const;   // in the order of the chain
    std::uint64_t injection_limit() const { return injection_limit_; }   // hooks/injection.hpp
    const std::shared_ptr<Metrics>& metrics() const { return metrics_; }

    // For qmail-hooks: each with what it says of itself.
    net::asio::awaitable<boost::json::object> report();
    // All at once, those too that a reload has ended.
    net::asio::awaitable<void> end();

private:
    struct Entry {
        ScannerSettings settings;
        std::vector<std::string> errors;
        std::shared_ptr<Scanner> scanner;
        std::shared_ptr<LiveScanner> live;   // the same; nullptr: left out
    };
    void begin(const ReadScanner& read, std::vector<Entry>& old);
    void let_go(Entry& entry);
    void finish(std::shared_ptr<LiveScanner> scanner);

    net::Executor executor_;
    std::string control_;
    BeginScanner begin_;
    std::function<void(std::string_view)> log_;
    std::shared_ptr<Metrics> metrics_ = std::make_shared<Metrics>();
    std::vector<Entry> entries_;
    std::size_t ending_ = 0;   // scanners that have been let go and are not done
    net::Timer ended_;
    std::uint64_t injection_limit_ = 0;
};

}
