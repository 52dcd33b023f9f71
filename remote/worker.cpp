#include "remote/worker.hpp"

#include "base/sys/packet.hpp"
#include "base/sys/program.hpp"
#include "remote/delivery.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <string>
#include <system_error>
#include <utility>

namespace asio = boost::asio;

namespace grapnel::remote {

Worker::Worker(net::Loop& loop, Fd socket)
    : loop_(loop),
      socket_(loop.executor(), std::move(socket)),
      setup_(loop.executor()),
      connections_(loop.executor()),
      turn_(static_cast<unsigned>(::getpid()))
{
}

int Worker::run()
{
    net::start(loop_.executor(), serve(), [this](std::exception_ptr trouble) {
        broken_ = broken_ || trouble != nullptr;
        open_ = false;
        if (broken_ || running_ == 0) loop_.stop();
    });
    net::start(loop_.executor(), connections_.run(), [this](std::exception_ptr) {
        broken_ = true;
        loop_.stop();
    });
    loop_.run();
    return broken_ ? 111 : 0;
}

asio::awaitable<void> Worker::serve()
{
    const auto greeting = encode(Greeting{worker_capacity()});
    co_await socket_.write_all(greeting);
    for (bool open = true; open; open = receive()) co_await socket_.readable();
}

// All that is there. False: qmail-rspawn has hung up.
bool Worker::receive()
{
    while (auto packet = receive_packet(socket_.get(), room_)) {
        if (packet->ended) return false;
        if (packet->bytes == are_you_there) {
            send_packet(socket_.get(), i_am);
            continue;
        }
        auto job = decode_worker_job(packet->bytes);
        if (!job || !packet->whole || packet->descriptors.size() != 1)
            throw Stop{111, "this is no qmail-rspawn"};
        begin(std::move(*job), std::move(packet->descriptors.front()));
    }
    return true;
}

void Worker::begin(WorkerJob job, Fd message)
{
    ++running_;
    net::start(loop_.executor(), carry_out(std::move(job), std::move(message)),
               [this](std::exception_ptr trouble) { one_ended(trouble); });
}

asio::awaitable<void> Worker::carry_out(WorkerJob job, Fd message)
{
    Report report;
    try {
        report = co_await attempt(job, message.get());
    } catch (const std::exception&) {
        report = report_of(std::current_exception());
    }
    message.reset();
    const auto packet = encode(WorkerReport{job.number, encode(report)});
    co_await socket_.write_all(packet);
}

asio::awaitable<Report> Worker::attempt(const WorkerJob& job, int message)
{
    const auto config = setup_.config();
    MessageFile file(message);
    Mission mission{job.host, job.sender, {job.recipient}, ++turn_, job.records};
    const auto dns = demands_tls(mission) ? setup_.proving_dns(*config) : setup_.dns(*config);
    co_return co_await deliver(*dns, *config, timeouts_, tls_, std::move(mission), file,
                               &connections_);
}

// A report that could not be handed over: where qmail-rspawn is gone nobody waits for it; else it
// would wait for ever, so we go, and it knows.
void Worker::one_ended(const std::exception_ptr& trouble)
{
    --running_;
    broken_ = broken_ || trouble != nullptr;
    if ((broken_ && open_) || (!open_ && running_ == 0)) loop_.stop();
}

Report early(char letter, std::string text) { return {{}, letter, std::move(text) + '\n'}; }

Report report_of(const std::exception_ptr& trouble)
{
    try {
        std::rethrow_exception(trouble);
    } catch (const UnreadableMessage&) {
        return early('Z', "Unable to read message. (#4.3.0)");
    } catch (const UnreadableControl&) {
        return early('Z', "Unable to read control files. (#4.3.0)");
    } catch (const std::bad_alloc&) {
        return early('Z', "Out of memory. (#4.3.0)");
    } catch (const std::exception&) {
        return early('Z', "System resources temporarily unavailable. (#4.3.0)");
    }
}

unsigned worker_capacity()
{
    constexpr rlim_t reserve = 64, each = 3, most = 1000;   // message, connection, the next one
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
    const auto room = std::max(limit.rlim_cur, reserve + each) - reserve;
    return static_cast<unsigned>(std::min(room / each, most));
}

}
