#include "smtpd/server.hpp"

#include "base/net/listener.hpp"
#include "base/sys/account.hpp"
#include "base/sys/file.hpp"
#include "base/sys/kernel.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/packet.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "base/sys/spawn.hpp"
#include "smtpd/config.hpp"
#include "smtpd/key_keeper.hpp"
#include "smtpd/log.hpp"
#include "smtpd/shared.hpp"
#include "smtpd/worker.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <limits>
#include <system_error>
#include <thread>

#include <sys/prctl.h>
#include <unistd.h>

namespace grapnel::smtpd {

namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr auto heart_limit = 10s, longest_pause = 60s;

// For each address one socket a worker, all on the same port.
std::vector<std::vector<ListeningSocket>> open_sockets(const std::vector<Listener>& listeners,
                                                       std::size_t workers)
{
    std::vector<std::vector<ListeningSocket>> sockets(workers);
    std::uint16_t chosen =
        0;   // by the kernel, for the first port 0: ":0" means one port for both families
    for (auto [service, endpoint] : listeners) {
        const bool any_port = endpoint.port == 0;
        if (any_port && endpoint.address.is_v6() && endpoint.address.is_unspecified())
            endpoint.port = chosen;
        try {
            for (auto& mine : sockets) {
                mine.push_back({service, net::open_listener(endpoint)});
                endpoint = net::bound_to(mine.back().socket.get());
            }
        } catch (const std::system_error& error) {
            const int number = error.code().value();
            const bool no_ipv6 = number == EAFNOSUPPORT || number == EADDRNOTAVAIL;
            if (!no_ipv6 || !endpoint.address.is_v6() || !endpoint.address.is_unspecified()) throw;
            continue;
        }
        if (any_port) chosen = endpoint.port;
        const bool usual = name(service) == "smtp";
        log::server("listening on " + endpoint.text() +
                    (usual ? "" : " as " + std::string(name(service))));
    }
    return sockets;
}

class Server {
public:
    Server(std::vector<std::vector<ListeningSocket>> sockets, KeyKeeper& keys,
           const Environment& environment, const std::vector<std::string>& checker)
        : sockets_(std::move(sockets)),
          keys_(keys),
          environment_(environment),
          checker_(checker),
          workers_(sockets_.size()),
          shared_(sockets_.size())
    {
        ::sigemptyset(&signals_);
        for (const int number : {SIGTERM, SIGINT, SIGCHLD, SIGHUP}) ::sigaddset(&signals_, number);
        ::sigprocmask(SIG_BLOCK, &signals_, nullptr);
    }

    int run()
    {
        for (;;) {
            for (std::size_t i = 0; i < workers_.size(); ++i) look_after(i);
            if (keys_.look())
                for (const auto& worker : workers_) hand_keys(worker.keys);
            const bool any = std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) {
                return static_cast<bool>(worker.child);
            });
            if (stopping_ && !any) return 0;
            const timespec second{1, 0};
            const int number = ::sigtimedwait(&signals_, nullptr, &second);
            if (number == SIGTERM || number == SIGINT) stop(number);
        }
    }

private:
    struct Worker {
        Child child;
        Fd keys;
        SteadyClock::time_point started, not_before;
        std::chrono::seconds pause{0};   // before it is replaced, where it dies at once
    };

    void look_after(std::size_t index)
    {
        auto& worker = workers_[index];
        if (worker.child) {
            if (const auto ending = worker.child.try_wait())
                ended(index, *ending);
            else if (is_hung(index))
                worker.child.kill(SIGKILL);
        }
        if (!worker.child && !stopping_ && SteadyClock::now() >= worker.not_before) start(index);
    }

    bool is_hung(std::size_t index) const
    {
        const auto now = SteadyClock::now().time_since_epoch();
        const auto silent = std::chrono::duration_cast<std::chrono::seconds>(now).count() -
                            shared_.parts()[index].heartbeat;
        if (silent <= heart_limit.count()) return false;
        log::server("worker " + std::to_string(workers_[index].child.pid()) +
                    " does not answer: killed");
        return true;
    }

    void ended(std::size_t index, const Ending& ending)
    {
        auto& worker = workers_[index];
        shared_.parts()[index].clear();   // its clients are gone with it
        if (stopping_) return;
        log::server("a worker ended with " + std::string(ending.crashed ? "signal " : "code ") +
                    std::to_string(ending.code) + ", another takes its place");
        const auto now = SteadyClock::now();
        const bool at_once = now - worker.started < 1s;
        worker.pause =
            at_once ? std::clamp<std::chrono::seconds>(worker.pause * 2, 1s, longest_pause) : 0s;
        worker.not_before = now + worker.pause;
    }

    void start(std::size_t index)
    {
        auto& worker = workers_[index];
        worker.started = SteadyClock::now();
        shared_.parts()[index].heartbeat =
            std::chrono::duration_cast<std::chrono::seconds>(worker.started.time_since_epoch())
                .count();
        const pid_t parent = ::getpid();
        try {
            auto pair = make_packet_pair();
            hand_keys(pair.ours);
            worker.keys = std::move(pair.ours);
            worker.child = fork_child(
                [this, index, parent, &pair] { return in_worker(index, parent, pair.theirs); });
        } catch (const std::system_error& error) {
            log::server(error.what());
            worker.pause = std::clamp<std::chrono::seconds>(worker.pause * 2, 1s, longest_pause);
            worker.not_before = worker.started + worker.pause;
        }
    }

    // A worker that is gone gets none.
    void hand_keys(const Fd& socket) const
    {
        if (!socket) return;
        const int bundle = keys_.current();
        bundle < 0 ? send_packet(socket.get(), no_keys)
                   : send_packet(socket.get(), keys_here, {bundle});
    }

    int in_worker(std::size_t index, pid_t parent, Fd& keys)
    {
        // It ends in good order when its parent dies, too.
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != parent) return 111;
        for (const int number : {SIGTERM, SIGINT, SIGCHLD, SIGHUP}) default_signal(number);
        ignore_signal(SIGHUP);
        unblock_all_signals();
        auto mine = std::move(sockets_[index]);
        sockets_.clear();
        keys_.forget();
        for (auto& worker : workers_) worker.keys.reset();
        try {
            return run_worker(std::move(mine), std::move(keys), environment_,
                              {shared_.parts(), index, shared_.seed()}, checker_);
        } catch (const std::exception& error) {
            log::server(error.what());
            return 111;
        }
    }

    // A second time: at once. Nobody shall wait at a door that stays shut while the last message
    // comes in: he tries elsewhere, or later.
    void stop(int number)
    {
        sockets_.clear();
        for (const auto& worker : workers_) worker.child.kill(stopping_ ? SIGKILL : number);
        stopping_ = true;
    }

    std::vector<std::vector<ListeningSocket>> sockets_;
    KeyKeeper& keys_;
    const Environment& environment_;
    const std::vector<std::string>& checker_;
    std::vector<Worker> workers_;
    Shared shared_;
    sigset_t signals_{};
    bool stopping_ = false;
};

}

int run_server(const Options& options, const Environment& environment)
{
    ignore_signal(SIGPIPE);
    ignore_signal(SIGXFSZ);
    change_directory(home());
    raise_ourselves(Limit::descriptors, std::numeric_limits<std::uint64_t>::max());
    const auto workers =
        options.workers > 0 ? options.workers : std::max(1u, std::thread::hardware_concurrency());
    KeyKeeper keys(environment);   // before the sockets, which it has no need of
    auto sockets = open_sockets(options.listen, workers);
    if (::geteuid() == 0) become(role_identity(Role::daemon));
    row::smtpd_listener();
    if (const auto missing = missing_protection(); !missing.empty())
        log::server("going on with less protection: " + missing);
    load_config(Control());   // what cannot be read is said before the first client comes
    return Server(std::move(sockets), keys, environment, options.checker).run();
}

}
