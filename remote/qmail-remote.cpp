// qmail-remote HOST SENDER RECIPIENT…: delivers the message on descriptor 0 by SMTP and reports
// on 1.
#include "base/net/loop.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/signal.hpp"
#include "remote/delivery.hpp"

#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <vector>

namespace {

using namespace grapnel;
using namespace grapnel::remote;

Report early(char letter, std::string text) { return {{}, letter, std::move(text) + '\n'}; }

boost::asio::awaitable<void> work(net::Executor executor, const Config& config, Mission mission,
                                  Report& report)
{
    const auto dns = net::make_dns(executor, config.resolvers);
    const TimeoutTable timeouts("queue/lock/tcpto");
    MessageFile message(0);
    report = co_await deliver(*dns, config, timeouts, std::move(mission), message);
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
        change_directory(home());
    } catch (const std::system_error&) {
        return early('Z', "Unable to switch to home directory. (#4.3.0)");
    }
    Config config;
    try {
        config = read_config(Control("control"));
    } catch (const std::system_error&) {
        return early('Z', "Unable to read control files. (#4.3.0)");
    } catch (const Stop&) {
        return early('Z', "Unable to read control files. (#4.3.0)");
    }
    return carry_out(config,
                     {arguments[0], arguments[1], {arguments.begin() + 2, arguments.end()}});
}

Report report_on(const std::vector<std::string>& arguments)
{
    try {
        return attempt(arguments);
    } catch (const UnreadableMessage&) {
        return early('Z', "Unable to read message. (#4.3.0)");
    } catch (const std::bad_alloc&) {
        return early('Z', "Out of memory. (#4.3.0)");
    } catch (const std::exception&) {
        return early('Z', "System resources temporarily unavailable. (#4.3.0)");
    }
}

}

int main(int count, char** values)
{
    ignore_signal(SIGPIPE);
    const auto report = report_on({values + std::min(count, 1), values + count});
    try {
        write_all(1, encode(report));
    } catch (const std::exception&) {
        // Nobody is left to tell.
    }
    return 0;
}
