// The pipe pair to one spawner: which delivery numbers are in use, and for what (contract 5.2).
#pragma once

#include "base/net/descriptor.hpp"
#include "queue/delivery.hpp"
#include "queue/records.hpp"
#include "send/log.hpp"
#include "send/outbox.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <vector>

namespace grapnel::send {

struct Delivery {
    std::uint64_t id = 0;       // the number in the log
    std::size_t job = 0;        // whose recipient it is
    std::uint64_t offset = 0;   // where the recipient's record begins
    std::size_t index = 0;      // which record it is
    std::string recipient = {};
    bool hastened = false;   // his hosts are tried whatever was known of them
};

class Channel {
public:
    // limit: deliveries at once, already within what the spawner said. changed is called when there
    // may be something new to do.
    Channel(net::Executor executor, queue::Channel kind, Fd to, Fd from, unsigned limit,
            std::function<void()> changed);

    void send_records(bool yes) { with_records_ = yes; }
    bool sends_records() const { return with_records_; }
    queue::Channel kind() const { return kind_; }
    Usage usage() const { return {used_, static_cast<unsigned>(slots_.size())}; }
    bool is_alive() const { return alive_; }
    // At most one command is on its way at a time.
    bool is_available() const { return alive_ && outbox_.is_empty() && used_ < slots_.size(); }

    // Only where is_available(). Throws where the spawner is gone.
    // records: for who takes them.
    void start(Delivery delivery, const std::string& message, const std::string& sender,
               std::string records = {});
    // The delivery that a report is about, its number free again; nullopt: there is none.
    std::optional<Delivery> finish(const queue::Report& report);

    // Hands over reports until the spawner is gone.
    boost::asio::awaitable<void> reports(std::function<void(const queue::Report&)> take);
    boost::asio::awaitable<void> commands() { return outbox_.run(); }
    void broke() { from_.cancel(); }   // reports() ends
    void lost() { alive_ = false; }

private:
    queue::Channel kind_;
    Outbox outbox_;
    net::Descriptor from_;
    queue::ReportReader reader_;
    std::vector<std::optional<Delivery>> slots_;
    std::priority_queue<unsigned, std::vector<unsigned>, std::greater<>>
        free_;   // the lowest first
    unsigned used_ = 0;
    bool alive_ = true, with_records_ = false;
};

}
