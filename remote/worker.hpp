// The qmail-remote that lives long: qmail-rspawn hands it deliveries over a socket, and it makes
// them at once in one event loop (remote/worker_wire).
#pragma once

#include "base/net/descriptor.hpp"
#include "base/net/loop.hpp"
#include "base/sys/fd.hpp"
#include "remote/connections.hpp"
#include "remote/live_setup.hpp"
#include "remote/outbound_tls.hpp"
#include "remote/report.hpp"
#include "remote/timeout_table.hpp"
#include "remote/worker_wire.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <exception>
#include <vector>

namespace grapnel::remote {

class Worker {
public:
    Worker(net::Loop& loop, Fd socket);

    // Until qmail-rspawn hangs up and the last delivery has ended. The exit code.
    int run();

private:
    boost::asio::awaitable<void> serve();
    bool receive();
    void begin(WorkerJob job, Fd message);
    boost::asio::awaitable<void> carry_out(WorkerJob job, Fd message);
    boost::asio::awaitable<Report> attempt(const WorkerJob& job, int message);
    void one_ended(const std::exception_ptr& trouble);

    net::Loop& loop_;
    net::Descriptor socket_;
    LiveSetup setup_;
    TimeoutTable timeouts_{"queue/lock/tcpto"};
    OutboundTls tls_{Control("control")};
    Connections connections_;
    std::vector<char> room_ = std::vector<char>(longest_packet + 64);
    std::size_t running_ = 0;
    unsigned turn_;
    bool open_ = true, broken_ = false;
};

// The report of a delivery that could not be made, or not to its end.
Report early(char letter, std::string text);
Report report_of(const std::exception_ptr& trouble);

// Deliveries at once that there are descriptors for here.
unsigned worker_capacity();

}
