#include "smtpd/worker.hpp"

#include "base/net/backroom.hpp"
#include "base/net/descriptor.hpp"
#include "base/net/listener.hpp"
#include "base/net/loop.hpp"
#include "base/net/signals.hpp"
#include "base/net/stream.hpp"
#include "base/net/timer.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "queue/hasten_call.hpp"
#include "queue/queued_pool.hpp"
#include "queue/submission_helper.hpp"
#include "smtpd/admission.hpp"
#include "smtpd/behind_proxy.hpp"
#include "smtpd/client_name.hpp"
#include "smtpd/config_watch.hpp"
#include "smtpd/current_tls.hpp"
#include "smtpd/door.hpp"
#include "smtpd/judges.hpp"
#include "smtpd/log.hpp"
#include "smtpd/mail_domains.hpp"
#include "smtpd/message_spool.hpp"
#include "smtpd/program_helper.hpp"
#include "smtpd/queue_load.hpp"
#include "smtpd/session.hpp"
#include "smtpd/usage.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <exception>
#include <list>
#include <memory>
#include <set>

#include <fcntl.h>
#include <unistd.h>

namespace grapnel::smtpd {

using namespace std::chrono_literals;
using net::asio::awaitable;

namespace {

// What a session may set for its queue program, decided by the helper with its own eyes.
bool may_set(const Environment& environment, std::string_view entry)
{
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos) return false;
    const auto name = entry.substr(0, equals);
    if (is_connection_fact(name) || environment.get(name) == entry.substr(equals + 1)) return true;
    Rules rules;
    for (const auto& line : Control().list("smtprules").value_or(std::vector<std::string>()))
        rules.add(line);
    return rules.sets(entry);
}

struct Helpers {
    int submission, programs;   // sockets
};

class Worker {
public:
    Worker(std::vector<ListeningSocket> sockets, Fd keys, const Environment& environment,
           Helpers helpers, SharedView shared, std::vector<std::string> resolvers, bool has_checker,
           std::optional<Usage> usage)
        : environment_(environment),
          tls_(std::move(keys)),
          helper_(helpers.submission),
          programs_(helpers.programs),
          has_checker_(has_checker),
          usage_(std::move(usage)),
          heartbeat_(shared.mine().heartbeat),
          load_("queue", shared),
          queued_(loop_.executor(), home()),
          judges_(loop_.executor(), helper_),
          backroom_(loop_.executor()),
          through_queued_(!environment.has("QMAILQUEUE")),
          signals_(loop_.executor(), {SIGTERM, SIGINT}),
          spare_(open_read("/dev/null")),
          admission_(shared),
          dns_(net::make_dns(loop_.executor(), std::move(resolvers))),
          names_(*dns_),
          domains_(*dns_),
          subscriptions_(std::make_shared<const hooks::Subscriptions>()),
          hooks_(hooks::make_client(
              loop_.executor(), home(), [this] { return subscriptions(); },
              [](const std::string& line) { log::server(line); }))
    {
        for (auto& [service, socket] : sockets)
            listeners_.emplace_back(service, net::Acceptor(loop_.executor(), std::move(socket)));
        log::gather([this] { net::soon(loop_.executor(), log::flush); });
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker()
    {
        log::gather({});
        log::flush();
    }

    int run()
    {
        for (auto& [service, acceptor] : listeners_)
            begin("accept", accept_from(acceptor, service));
        begin("signals", await_signal());
        begin("clock", tick());
        begin("helper", watch_helper());
        begin("keys", watch_keys());
        loop_.run();
        return 0;
    }

private:
    void begin(const char* what, awaitable<void> work)
    {
        net::start(loop_.executor(), std::move(work), [this, what](std::exception_ptr trouble) {
            if (!trouble || stopping_) return;
            try {
                std::rethrow_exception(trouble);
            } catch (const std::exception& error) {
                log::server(std::string(what) + ": " + error.what());
            }
        });
    }

    awaitable<void> accept_from(net::Acceptor& acceptor, Service service)
    {
        while (!stopping_) {
            auto accepted = co_await acceptor.accept();
            if (stopping_) co_return;
            if (accepted.error == EMFILE || accepted.error == ENFILE) {
                refuse_for_want_of_descriptors(acceptor, service);
                co_await net::sleep_for(100ms);
            } else if (accepted.error != 0) {
                co_await net::sleep_for(100ms);
            } else {
                try {
                    welcome(std::move(accepted), service);
                } catch (const std::exception& error) {
                    log::door(error.what());   // costs this client, not all who come after him
                }
            }
        }
    }

    // The spare descriptor lets one client hear why, instead of waiting at a deaf door.
    void refuse_for_want_of_descriptors(net::Acceptor& acceptor, Service service)
    {
        spare_.reset();
        if (const auto accepted = acceptor.accept_now(); accepted && accepted->socket)
            turn_away({accepted->socket, service},
                      "421 4.3.2 out of descriptors, try again (#4.3.2)\r\n");
        try {
            spare_ = open_read("/dev/null");
        } catch (const std::exception&) {
            // Then the next one waits.
        }
        const auto now = net::SteadyClock::now();
        if (now < silent_until_) return;
        silent_until_ = now + 60s;
        log::server("out of descriptors");
    }

    // Nobody is asked for a name of this host's own.
    static bool asks_for_name(const Config& config, const net::IpAddress& address)
    {
        return config.lookup_time > 0s && !address.is_loopback();
    }

    // nullopt: he is not to connect.
    std::optional<Peer> peer_of(const net::Accepted& accepted, const Config& config,
                                const std::optional<std::string>& host) const
    {
        const auto* rule = config.rules.find(accepted.remote.address, host, {});
        if (rule && !rule->allow) return std::nullopt;
        static const std::vector<std::pair<std::string, std::string>> nothing;
        return peer_of_connection(environment_, accepted.remote, accepted.local, host,
                                  rule ? rule->variables : nothing);
    }

    void welcome(net::Accepted accepted, Service service)
    {
        const auto config = watch_.current();
        if (!config)
            return turn_away({accepted.socket, service},
                             "421 unable to read controls (#4.3.0)\r\n");
        const auto& address = accepted.remote.address;
        const bool is_proxy = config->proxies.contains(address);   // rules are about his clients
        auto peer = is_proxy ? std::nullopt : peer_of(accepted, *config, std::nullopt);
        // With his name another rule may fit.
        if (!peer && !is_proxy && !asks_for_name(*config, address))
            return deny({accepted.socket, service}, address);
        const bool privileged = is_proxy || address.is_loopback() || (peer && peer->may_relay());
        const auto entry = admission_.enter(address, privileged, *config, net::SteadyClock::now());
        if (entry.verdict != Admission::Verdict::welcome)
            return turn_away({accepted.socket, service}, address, entry.verdict);
        crowded_ = Admission::is_crowded(admission_.sessions(), *config);
        begin("session",
              serve(std::move(accepted), service, std::move(peer), config, entry.counted));
    }

    // Of now, whatever a session began with; while files cannot be read: of before.
    std::shared_ptr<const hooks::Subscriptions> subscriptions()
    {
        if (const auto config = watch_.current()) subscriptions_ = {config, &config->hooks};
        return subscriptions_;
    }

    struct Place {
        Worker& worker;
        ClientTable::Slot* counted;
        Session* session = nullptr;
        Place(Worker& here, ClientTable::Slot* slot) : worker(here), counted(slot) {}
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() { worker.left(counted, session); }
        void take(Session& whose)
        {
            session = &whose;
            worker.sessions_.insert(session);
        }
    };

    awaitable<void> serve(net::Accepted accepted, Service service, std::optional<Peer> peer,
                          std::shared_ptr<const Config> config, ClientTable::Slot* counted)
    {
        Place place(*this, counted);   // whatever fails now: it was counted at the door
        if (config->proxies.contains(accepted.remote.address)) {
            const bool known = co_await learn_client(accepted, service, *config, place);
            if (!known) co_return;
            peer = peer_of(accepted, *config, std::nullopt);
        }
        const auto address = accepted.remote.address;
        if (asks_for_name(*config, address)) {
            const auto host = co_await names_.find(address, config->lookup_time);
            peer = peer_of(accepted, *config, host.text);
            if (stopping_)
                co_return turn_away({accepted.socket, service},
                                    "421 4.3.2 shutting down (#4.3.2)\r\n");
            if (!peer && host.doubtful)
                co_return turn_away({accepted.socket, service},
                                    "421 4.4.3 unable to find your name, try again (#4.4.3)\r\n");
        }
        if (!peer) co_return deny({accepted.socket, service}, address);
        net::Stream stream(loop_.executor(), std::move(accepted.socket));
        const auto name = pid_ + '.' + std::to_string(++session_number_);
        Surroundings around{std::move(config),
                            std::move(*peer),
                            helper_,
                            name,
                            &crowded_,
                            through_queued_ ? &queued_ : nullptr,
                            &load_};
        around.service = service;
        around.tls = &tls_;
        around.programs = programs_;
        const auto rules = around.config;
        around.client = [this, rules](const net::Endpoint& remote, const net::Endpoint& local,
                                      const std::optional<std::string>& host) {
            net::Accepted other;
            other.remote = remote;
            other.local = local;
            return peer_of(other, *rules, host);
        };
        around.judges = &judges_;
        around.backroom = &backroom_;
        around.has_checker = has_checker_;
        around.usage = usage_ ? &*usage_ : nullptr;
        around.domains = &domains_;
        around.hasten_at = hasten_at_;
        if (around.config->is_hooked()) {
            around.hooks = hooks_.get();
            around.spool = spool_;
            if (place.counted)
                around.connections = [this, address] { return admission_.connections(address); };
        }
        Session session(stream, std::move(around));
        place.take(session);
        co_await session.run();
    }

    // From the header of a proxy; then its client is counted as if he had come himself.
    awaitable<bool> learn_client(net::Accepted& accepted, Service service, const Config& config,
                                 Place& place)
    {
        const auto proxy = accepted.remote.address;
        const auto header = co_await await_proxy_header(accepted.socket.get());
        if (header.state != ProxyHeader::State::done) {
            log::door("no header of a proxy from " + proxy.text());
            co_return false;
        }
        if (!header.ends) co_return true;
        accepted.remote = header.ends->first;
        accepted.local = header.ends->second;
        const auto peer = peer_of(accepted, config, std::nullopt);
        const auto& address = accepted.remote.address;
        if (address.is_loopback() || (peer && peer->may_relay())) co_return true;
        const auto entry = admission_.enter_client(address, config, net::SteadyClock::now());
        if (entry.verdict != Admission::Verdict::welcome) {
            turn_away({accepted.socket, service}, address, entry.verdict);
            co_return false;
        }
        place.counted = entry.counted;
        co_return true;
    }

    void left(ClientTable::Slot* counted, Session* session)
    {
        sessions_.erase(session);
        admission_.leave(counted);
        if (const auto config = watch_.current())
            crowded_ = Admission::is_crowded(admission_.sessions(), *config);
        if (stopping_ && admission_.sessions() == 0) loop_.stop();
    }

    // Between commands 421 at once; who is sending a message gets its reply first.
    void stop()
    {
        if (stopping_) return;
        stopping_ = true;
        for (auto& [service, acceptor] : listeners_) acceptor.close();
        for (auto* session : sessions_) session->shut_down();
        if (admission_.sessions() == 0) loop_.stop();
    }

    awaitable<void> await_signal()
    {
        co_await signals_.next();
        stop();
    }

    awaitable<void> tick()
    {
        for (;;) {
            heartbeat_ = std::chrono::duration_cast<std::chrono::seconds>(
                             net::SteadyClock::now().time_since_epoch())
                             .count();
            watch_.look();
            log::sum_door();
            if (crowded_)
                for (auto* session : sessions_) session->hurry();
            co_await net::sleep_for(1s);
        }
    }

    // Without its helper this process can queue nothing and cannot make another: its successor can.
    awaitable<void> watch_helper()
    {
        co_await net::readable(helper_);
        log::server("the submission helper is gone");
        stop();
    }

    awaitable<void> watch_keys()
    {
        for (bool more = true; more;) {
            co_await net::readable(tls_.descriptor());
            more = tls_.look();
        }
    }

    const Environment& environment_;
    CurrentTls tls_;
    int helper_, programs_;
    bool has_checker_;   // of the command line
    std::optional<Usage> usage_;
    std::atomic<std::int64_t>& heartbeat_;
    QueueLoad load_;
    net::Loop loop_;
    queue::QueuedPool queued_;
    Judges judges_;
    net::Backroom backroom_;
    bool through_queued_;
    net::Signals signals_;
    Fd spare_;
    std::list<std::pair<const Service, net::Acceptor>> listeners_;
    ConfigWatch watch_{Control()};
    Admission admission_;
    std::unique_ptr<net::Dns> dns_;
    ClientNames names_;
    MailDomains domains_;
    std::shared_ptr<const hooks::Subscriptions> subscriptions_;   // shared with its config
    std::unique_ptr<hooks::Client> hooks_;
    const std::string spool_ = home() + "/run/spool", hasten_at_ = queue::hasten_path(home());
    std::set<Session*> sessions_;
    bool crowded_ = false, stopping_ = false;
    const std::string pid_ = std::to_string(::getpid());
    std::uint64_t session_number_ = 0;
    net::SteadyClock::time_point silent_until_{};
};

}

int run_worker(std::vector<ListeningSocket> sockets, Fd keys, const Environment& environment,
               SharedView shared, const std::vector<std::string>& checker)
{
    const auto allowed = [&environment](std::string_view entry) {
        return may_set(environment, entry);
    };
    const auto judges = judge_rule(checker);
    SharedWords said;   // by plugins
    const auto for_queue = [&](std::string_view entry) {
        return allowed(entry) || said.contains(entry);
    };
    const Fd helper = queue::start_submission_helper(environment, for_queue, judges);
    const Fd programs = start_program_helper(environment, said, allowed);
    said.close();
    ::tzset();   // before files are out of reach
    auto servers = name_servers();
    net::prepare_tls();
    auto usage = open_usage();
    row::smtpd_worker();
    remove_left_spool_files(home() + "/run/spool");
    return Worker(std::move(sockets), std::move(keys), environment, {helper.get(), programs.get()},
                  shared, std::move(servers), !checker.empty(), std::move(usage))
        .run();
}

}
