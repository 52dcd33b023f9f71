#include "support/tcp_server.hpp"

#include "base/sys/file.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <list>

namespace grapnel::test {

TcpServer::TcpServer(Launch launch, Port port)
    : launch_(std::move(launch)),
      listener_(listen_on_loopback(port)),
      port_(port_of(listener_.get())),
      thread_([this] { serve(); })
{
}

TcpServer::~TcpServer()
{
    stopping_ = true;
    thread_.join();
}

void TcpServer::serve()
{
    const Fd nothing = open_file("/dev/null", O_RDWR);
    const auto said = [&] {
        for (const auto& [number, ours] : launch_.descriptors)
            if (number == 2) return ours;
        return nothing.get();
    }();
    std::list<Process> sessions;
    while (!stopping_) {
        sessions.remove_if([](Process& session) { return !session.running(); });
        if (!readable(listener_.get(), milliseconds(20))) continue;
        const Fd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!connection) continue;
        Launch one = launch_;
        one.descriptors = {{0, connection.get()}, {1, connection.get()}, {2, said}};
        for (const auto* variable : {"PROTO=TCP", "TCPLOCALIP=127.0.0.1", "TCPLOCALHOST=localhost",
                                     "TCPREMOTEIP=127.0.0.1", "TCPREMOTEHOST=localhost"})
            one.environment.emplace_back(variable);
        sessions.emplace_back(std::move(one));
    }
}

}
