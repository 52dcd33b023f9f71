#include "smtpd/one_session.hpp"

#include "base/net/loop.hpp"
#include "base/net/stream.hpp"
#include "base/sys/account.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "queue/hasten_call.hpp"
#include "queue/submission_helper.hpp"
#include "smtpd/behind_proxy.hpp"
#include "smtpd/judges.hpp"
#include "smtpd/log.hpp"
#include "smtpd/mail_domains.hpp"
#include "smtpd/own_tls.hpp"
#include "smtpd/program_helper.hpp"
#include "smtpd/queue_load.hpp"
#include "smtpd/session.hpp"
#include "smtpd/usage.hpp"

#include <csignal>
#include <ctime>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace grapnel::smtpd {

namespace {

// The socket may be one file behind both descriptors; pipes are two.
net::asio::awaitable<void> converse(Surroundings surroundings, bool hooked,
                                    std::optional<std::vector<std::string>> servers, bool& quit)
{
    const auto executor = co_await net::this_executor();
    const auto config = surroundings.config;
    std::unique_ptr<hooks::Client> client;
    if (hooked) {
        client = hooks::make_client(
            executor, home(),
            [config] {
                return std::shared_ptr<const hooks::Subscriptions>(config, &config->hooks);
            },
            [](const std::string& line) { log::server(line); });
        surroundings.hooks = client.get();
        surroundings.spool = "run/spool";
    }
    Judges judges(executor, surroundings.helper);
    surroundings.judges = &judges;
    if (config->proxies.contains(surroundings.peer.address)) {
        const auto header = co_await await_proxy_header(0);
        if (header.state != ProxyHeader::State::done) {
            log::server("no header of a proxy from " + surroundings.peer.ip);
            co_return;
        }
        auto& peer = surroundings.peer;
        if (header.ends)
            peer = other_client(peer, header.ends->first, header.ends->second, std::nullopt);
    }
    std::unique_ptr<net::Dns> dns;
    std::optional<MailDomains> domains;
    if (servers) {
        dns = net::make_dns(executor, std::move(*servers));
        surroundings.domains = &domains.emplace(*dns);
    }
    net::Stream stream(executor, Fd(0), Fd(1));
    Session session(stream, std::move(surroundings));
    quit = co_await session.run();
}

int refuse(const std::string& text, const std::string& trouble)
{
    log::server(trouble);
    write_all(1, "421 " + text + "\r\n");
    return 1;
}

// A user who runs us by himself, as sendmail -bs does, is no client from outside. Nobody outside
// can look like one: the address is not his to choose.
bool faces_strangers(const Environment& environment)
{
    if (in_sandbox() || ::geteuid() == role_identity(Role::daemon).uid) return true;
    return environment.get("TCPREMOTEINFO") != "sendmail-bs" ||
           environment.get("TCPREMOTEIP") != "127.0.0.1";
}

}

int run_one_session(const Options& options, const Environment& environment)
{
    ignore_signal(SIGPIPE);
    ignore_signal(SIGXFSZ);   // a limit on files is a spool that is full
    log::open(0);
    std::shared_ptr<const Config> config;
    TlsFiles tls;
    try {
        change_directory(home());
        tls = read_tls_files(Control(), environment);   // as root, where we are
        if (::geteuid() == 0) become(role_identity(Role::daemon));
        config = std::make_shared<const Config>(load_config(Control()));
    } catch (const Stop& stop) {
        return refuse("unable to read controls (#4.3.0)", stop.text);
    } catch (const std::exception& error) {
        return refuse("unable to read controls (#4.3.0)", error.what());
    }
    // Who the client is may be said by a proxy, or shown by himself.
    SharedWords said;   // by plugins
    const auto may_set = [&said](std::string_view entry) {
        return is_connection_fact(entry.substr(0, entry.find('='))) || said.contains(entry);
    };
    const auto judges = judge_rule(options.checker);
    const Fd helper = queue::start_submission_helper(environment, may_set, judges);
    const auto peer = peer_of_environment(environment, 0);
    const bool auth = options.service.kind == Kind::submission || !options.checker.empty() ||
                      environment.has("SMTPAUTH") || environment.has("SMTPEXT") ||
                      config->extensions_of(options.service.kind).has(Extension::auth) ||
                      config->xclients.contains(peer.address);
    auto usage = auth ? open_usage() : std::nullopt;
    const bool judged = !config->plugins.empty() || environment.has("RCPTCHECK");
    const Fd programs = judged ? start_program_helper(environment, said) : Fd();
    said.close();
    ::tzset();   // before files are out of reach
    if (tls.material) net::prepare_tls();
    const bool hooked = config->is_hooked() && faces_strangers(environment);
    std::optional<std::vector<std::string>> servers;   // of the DNS, where it may be asked
    if (config->checks_domains(environment.get("MFCHECK")) && faces_strangers(environment))
        servers = name_servers();
    Surroundings surroundings{config, peer, helper.get(), std::to_string(::getpid())};
    surroundings.service = options.service;
    if (faces_strangers(environment) && switched_on(surroundings).has(Extension::etrn))
        surroundings.hasten_at = queue::hasten_path(home());
    if (servers)
        row::smtpd_asking_session();
    else if (hooked)
        row::smtpd_hooked_session();
    else
        surroundings.hasten_at.empty() ? row::smtpd_session() : row::smtpd_etrn_session();
    for (const auto& complaint : config->complaints) log::server(complaint);
    for (const auto& complaint : tls.complaints) log::server(complaint);
    bool quit = false;
    if (options.service.kind == Kind::lmtp && peer.here.port == 25)
        return refuse("4.3.5 LMTP is not spoken on port 25 (#4.3.5)", "LMTP on port 25");
    QueueLoad load("queue");
    surroundings.load = &load;
    surroundings.has_checker = !options.checker.empty();
    surroundings.usage = usage ? &*usage : nullptr;
    if (environment.get("SMTPS").value_or("0") != "0") surroundings.service.tls_at_once = true;
    OwnTls own_tls(std::move(tls.material));
    surroundings.tls = &own_tls;
    surroundings.programs = programs.get();
    net::run_until_done(
        [&] { return converse(std::move(surroundings), hooked, std::move(servers), quit); });
    return quit ? 0 : 1;
}

}
