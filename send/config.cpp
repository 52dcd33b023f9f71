#include "send/config.hpp"

#include "base/srs_control.hpp"
#include "base/sys/error.hpp"
#include "queue/delivery.hpp"

#include <algorithm>
#include <cerrno>

namespace grapnel::send {

namespace {

std::vector<std::string> locals(const Control& control)
{
    if (auto names = control.list("locals")) return *names;
    if (auto me = control.line("me")) return {*me};
    throw_error(ENOENT, "unable to read", control.path("locals"));
}

NameMap virtual_domains(const Control& control)
{
    return NameMap(control.list("virtualdomains").value_or(std::vector<std::string>{}));
}

std::optional<ReportForm> report_form(const Control& control)
{
    const auto word = control.line("bounceformat").value_or("");
    if (word == "qsbmf") return ReportForm::qsbmf;
    if (word == "dsn") return ReportForm::dsn;
    if (word == "both") return ReportForm::both;
    return std::nullopt;
}

unsigned concurrency(const Control& control, std::string_view name, unsigned fallback)
{
    return static_cast<unsigned>(
        std::min<std::uint64_t>(control.integer(name, fallback), queue::most_deliveries));
}

}

Config read_config(const Control& control)
{
    Config config;
    config.lifetime = control.integer("queuelifetime", config.lifetime);
    config.concurrency_local = concurrency(control, "concurrencylocal", config.concurrency_local);
    config.concurrency_remote =
        concurrency(control, "concurrencyremote", config.concurrency_remote);
    // As qmail-remote's; which address it will have nobody knows before it is used.
    config.server = {control.line_or_me("helohost", "helohost"),
                     control.line("outgoingip").value_or("0.0.0.0"), 25};
    config.message_limit = control.integer("databytes", 0);
    config.routing.no_at_host = control.line_or_me("envnoathost", "envnoathost");
    config.bounce.from = control.line("bouncefrom").value_or("MAILER-DAEMON");
    config.bounce.host = control.line_or_me("bouncehost", "bouncehost");
    // An empty doublebounceto: nobody wants them.
    const auto double_to = control.line("doublebounceto").value_or("postmaster");
    if (!double_to.empty())
        config.bounce.double_to =
            double_to + '@' + control.line_or_me("doublebouncehost", "doublebouncehost");
    config.bounce.srs = read_srs(control);
    config.bounce.me = control.line("me").value_or(config.bounce.host);
    if (const auto most = control.integer("bouncemaxbytes", 0); most > 0)
        config.bounce.most_copied = most;
    config.reports.form = report_form(control);
    config.reports.delay_warn = control.integer("delaywarn", config.reports.delay_warn);
    config.routing.locals = NameSet(locals(control));
    config.routing.percent_hack =
        NameSet(control.list("percenthack").value_or(std::vector<std::string>{}));
    config.routing.virtual_domains = virtual_domains(control);
    return config;
}

std::string reread_routing(const Control& control, RoutingTables& routing)
{
    std::string name = "control/locals";
    try {
        NameSet new_locals(locals(control));
        name = "control/virtualdomains";
        routing.virtual_domains = virtual_domains(control);
        routing.locals = std::move(new_locals);
    } catch (const std::system_error&) {
        return name;
    }
    return {};
}

}
