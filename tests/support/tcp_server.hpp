// What tcpserver or inetd does: starts a program for each connection, with the connection on 0 and
// 1 and tcpserver's variables. In a thread, on a port of 127.0.0.1.
#pragma once

#include "base/sys/fd.hpp"
#include "support/ports.hpp"
#include "support/process.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace grapnel::test {

class TcpServer {
public:
    // launch: argv, environment, directory; its descriptor 2 goes to /dev/null unless listed.
    explicit TcpServer(Launch launch, Port port = 0);
    TcpServer(const TcpServer&) = delete;
    TcpServer& operator=(const TcpServer&) = delete;
    ~TcpServer();   // what still runs is killed
    Port port() const { return port_; }

private:
    void serve();
    Launch launch_;
    Fd listener_;
    Port port_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}
