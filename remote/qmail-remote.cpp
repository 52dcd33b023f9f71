// qmail-remote HOST SENDER RECIPIENT…: delivers the message on descriptor 0 by SMTP and reports
// on 1. qmail-remote --worker, on a socket of qmail-rspawn: the same for one delivery after the
// other.
#include "base/net/loop.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "remote/delivery.hpp"
#include "remote/worker.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

namespace {

using namespace grapnel;
using namespace grapnel::remote;

// Before anything from outside is read.
void enter_home()
{
    change_directory(home());
    row::qmail_remote();
}

boost::asio::awaitable<void> work(net::Executor executor, const Config& config, Mission mission,
                                  Report& report)
{
    const auto dns = net::make_dns(executor, config.resolvers);
    const TimeoutTable timeouts("queue/lock/tcpto");
    OutboundTls tls(Control("control"));
    MessageFile message(0);
    report = co_await deliver(*dns, config, timeouts, tls, std::move(mission), message);
}

Report carry_out(const Config& config, Mission mission)
{
    Report report;
    net::Loop loop;
    std::exception_ptr trouble;
    net::start(loop.executor(), work(loop.executor(), config, std::move(mission), report),
               [&](std::exception_ptr thrown) {
                   trouble = thrown;
                   loop.stop();
               });
    loop.run();
    if (trouble) std::rethrow_exception(trouble);
    return report;
}

Report attempt(const std::vector<std::string>& arguments)
{
    if (arguments.size() < 3)
        return early('D', "I (qmail-remote) was invoked improperly. (#5.3.5)");
    try {
        enter_home();
    } catch (const std::system_error&) {
        return early('Z', "Unable to switch to home directory. (#4.3.0)");
    }
    const Config config = read_config(Control("control"));
    return carry_out(config, {arguments[0],
                              arguments[1],
                              {arguments.begin() + 2, arguments.end()},
                              static_cast<unsigned>(::getpid())});
}

int deliver_once(const std::vector<std::string>& arguments)
{
    Report report;
    try {
        report = attempt(arguments);
    } catch (const std::exception&) {
        report = report_of(std::current_exception());
    }
    try {
        write_all(1, encode(report));
    } catch (const std::exception&) {
        // Nobody is left to tell.
    }
    return 0;
}

// No host is called so, and no message is a socket that keeps packets apart.
bool is_worker(const std::vector<std::string>& arguments)
{
    int type = 0;
    socklen_t size = sizeof type;
    return arguments == std::vector<std::string>{"--worker"} &&
           ::getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int work_on()
{
    return run("qmail-remote", [] {
        constexpr std::size_t descriptors = 4096;
        raise_ourselves(Limit::descriptors, descriptors);
        Fd socket = duplicate(0);
        const Fd nothing = open_file("/dev/null", O_RDWR);
        ::dup2(nothing.get(), 0);
        enter_home();
        net::Loop loop;
        return Worker(loop, std::move(socket)).run();
    });
}

}

int main(int count, char** values)
{
    ignore_signal(SIGPIPE);
    const std::vector<std::string> arguments{values + std::min(count, 1), values + count};
    return is_worker(arguments) ? work_on() : deliver_once(arguments);
}
