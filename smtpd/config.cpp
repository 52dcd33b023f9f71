#include "smtpd/config.hpp"

#include "base/net/interfaces.hpp"
#include "base/sys/program.hpp"
#include "base/text.hpp"
#include "smtpd/plugin_file.hpp"

#include "build_config.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {

constexpr std::size_t hard_recipient_limit = 50000;

std::vector<std::string> list_or_none(const Control& control, std::string_view name)
{
    return control.list(name).value_or(std::vector<std::string>());
}

// Words may stand one a line or several, and behind "#" is a comment.
std::vector<std::string> words(const Control& control, std::string_view name)
{
    std::vector<std::string> result;
    for (const auto& line : list_or_none(control, name))
        for (const auto word : split(std::string_view(line).substr(0, line.find('#')), ' '))
            if (const auto text = trim(word); !text.empty()) result.emplace_back(text);
    return result;
}

void read_switches(const Control& control, Config& config)
{
    std::vector<std::string> bad;
    config.lax = LaxWords::parse(words(control, "lax"), false, &bad);
    for (const auto& word : bad) config.complaints.push_back("lax: no such word here: " + word);
    for (const Kind kind : all_kinds) {
        auto& extensions = config.extensions[static_cast<std::size_t>(kind)];
        extensions = Extensions(kind == Kind::submission);
        const std::string own = "smtpext." + std::string(name(kind));
        for (const auto& file : {std::string("smtpext"), own}) {
            const auto switches = words(control, file);
            bad.clear();
            extensions.apply(switches, &bad);
            if (file != own && kind != Kind::smtp) continue;   // said once
            for (const auto& word : bad)
                config.complaints.push_back(file + ": cannot be done: " + word);
        }
    }
    const auto early = control.line("earlytalk").value_or("refuse");
    if (early == "ignore")
        config.early_talk = EarlyTalk::ignore;
    else if (early == "delay")
        config.early_talk = EarlyTalk::delay;
    else if (early != "refuse" && !early.empty())
        config.complaints.push_back("earlytalk: no such word: " + early);
    const auto vrfy = control.line("vrfy").value_or("252");
    if (vrfy == "on")
        config.vrfy = Vrfy::always;
    else if (vrfy == "auth")
        config.vrfy = Vrfy::trusted;
    else if (vrfy != "252" && !vrfy.empty())
        config.complaints.push_back("vrfy: no such word: " + vrfy);
}

void read_hosts(const Control& control, Config& config)
{
    config.locals = NameSet(control.list("locals").value_or(std::vector{config.me}));
    config.percent_hack = NameSet(list_or_none(control, "percenthack"));
    if (const auto hosts = control.list("rcpthosts")) {
        config.rcpthosts.emplace(*hosts);
        config.more_rcpthosts = CdbReader::open(control.path("morercpthosts.cdb"));
    } else if (!config.lax[Lax::openrelay]) {
        config.complaints.push_back("rcpthosts: absent: mail is taken for local domains only");
    }
    config.refused = load_refused_lists(control, config.complaints);
    config.recipient_databytes = NameMap(list_or_none(control, "rcptdatabytes"));
    if (const auto lines = control.list("ownersince"))
        config.owners.emplace(*lines, build::separator);
    config.plugins = PluginList::parse(plugin_lines(control, Environment::of_process()));
}

void read_addresses(const Control& control, Config& config)
{
    auto& mine = config.my_addresses;
    mine = net::interface_addresses();
    mine.push_back(*net::IpAddress::parse("0.0.0.0"));
    for (const auto& line : list_or_none(control, "moreipme"))
        if (const auto address = net::IpAddress::parse(line)) mine.push_back(*address);
    for (const auto& line : list_or_none(control, "notipme"))
        if (const auto address = net::IpAddress::parse(line)) std::erase(mine, *address);
}

void read_limits(const Control& control, Config& config)
{
    // A day is as good as for ever, and fits every clock.
    const auto seconds = [&](std::string_view name, std::uint64_t fallback, std::uint64_t least) {
        return std::chrono::seconds(
            std::clamp<std::uint64_t>(control.integer(name, fallback), least, 86400));
    };
    config.timeout = seconds("timeoutsmtpd", 1200, 1);
    config.greet_delay = seconds("greetdelay", 0, 0);
    config.databytes = control.integer("databytes", 0);
    config.tarpit.count = control.integer("tarpitcount", 0);
    config.tarpit.delay = std::min(seconds("tarpitdelay", 5, 0), longest_tarpit_delay);
    config.bad_recipient_limit = control.integer("brtlimit", 0);
    config.max_line = control.integer("maxline", 0);
    config.max_recipients =
        std::min<std::uint64_t>(control.integer("maxrcpt", 1000), hard_recipient_limit);
    config.max_hops =
        static_cast<unsigned>(std::clamp<std::uint64_t>(control.integer("maxhops", 100), 1, 10000));
    config.max_sessions =
        std::clamp<std::uint64_t>(control.integer("concurrencyincoming", 1000), 1, 1000000);
    config.max_per_client = control.integer("maxconnip", 20);
    config.local_time = control.integer("localtime", 0) != 0;
    config.check_domains = control.integer("mfcheck", 0) != 0;
    config.hold_max = std::min<std::uint64_t>(control.integer("holdmax", 604800), 999'999'999);
    config.deliver_by_min =
        std::min<std::uint64_t>(control.integer("deliverbymin", 0), 999'999'999);
    const auto believed = [&](const char* name) {
        ClientList list(list_or_none(control, name));
        for (const auto& entry : list.users())
            config.complaints.push_back(std::string(name) + ": no address: " + entry);
        return list;
    };
    config.proxies = believed("proxyips");
    config.xclients = believed("xclientips");
    config.xforwards = believed("xforwardips");
    config.priority_clients = ClientList(list_or_none(control, "priorityauth"));
    if (const auto lines = control.list("etrnhosts")) {
        std::vector<std::string> bad;
        config.etrn_hosts.emplace(*lines, bad);
        for (const auto& line : bad) config.complaints.push_back("etrnhosts: no domain: " + line);
    }
    const auto rate = control.line("maxconnrate").value_or("10 50");
    const auto blank = rate.find(' ');
    config.rate = static_cast<double>(leading_number(rate).value_or(10));
    config.burst =
        blank == std::string::npos
            ? config.rate
            : static_cast<double>(
                  leading_number(trim(std::string_view(rate).substr(blank))).value_or(50));
}

}

bool Config::is_my_address(const net::IpAddress& address) const
{
    return std::find(my_addresses.begin(), my_addresses.end(), address) != my_addresses.end();
}

Config load_config(const Control& control)
{
    Config config;
    const auto me = control.line("me");
    const auto greeting = control.line("smtpgreeting");
    if (!me && !greeting) throw Stop{1, "neither control/me nor control/smtpgreeting is there"};
    config.me = me ? *me : greeting->substr(0, greeting->find(' '));
    config.greeting = greeting.value_or(config.me);
    config.local_ip_host = control.line("localiphost").value_or(config.me);
    read_switches(control, config);
    read_hosts(control, config);
    read_addresses(control, config);
    read_limits(control, config);
    for (const auto& line : list_or_none(control, "tlsclients"))
        config.tls_clients.insert(lower(trim(line)));
    for (const auto& line : list_or_none(control, "smtprules")) {
        if (!config.rules.add(line)) config.complaints.push_back("smtprules: bad line: " + line);
    }
    const bool asks_for_names = config.rules.name_hosts() || config.refused.clients.name_hosts();
    config.lookup_time = std::chrono::seconds(
        std::min<std::uint64_t>(control.integer("lookuptime", asks_for_names ? 5 : 0), 30));
    config.auth = read_auth(control, config.me, config.complaints);
    config.hooks = hooks::read_subscriptions(control.directory());
    return config;
}

bool Config::is_hooked() const
{
    return std::any_of(
        hooks::all_stages.begin(), hooks::all_stages.end(), [this](hooks::Stage stage) {
            return direction(stage) == hooks::Direction::inbound && hooks.wants(stage);
        });
}

const std::vector<std::string>& config_files()
{
    static const std::vector<std::string> names{
        "me",           "smtpgreeting", "localiphost",
        "timeoutsmtpd", "rcpthosts",    "morercpthosts.cdb",
        "databytes",    "badmailfrom",  "lax",
        "smtpext",      "smtpext.smtp", "smtpext.submission",
        "smtpext.lmtp", "holdmax",      "deliverbymin",
        "priorityauth", "proxyips",     "xclientips",
        "xforwardips",  "vrfy",         "locals",
        "percenthack",  "moreipme",     "notipme",
        "maxrcpt",      "maxline",      "maxhops",
        "earlytalk",    "localtime",    "greetdelay",
        "smtprules",    "maxconnip",    "concurrencyincoming",
        "maxconnrate",  "lookuptime",   "tlsclients",
        "mfcheck",      "etrnhosts",    "ownersince"};
    return names;
}

bool Config::checks_domains(const std::optional<std::string>& wish) const
{
    const auto number = leading_number(wish.value_or(""));
    return number ? *number != 0 : check_domains;
}

}
