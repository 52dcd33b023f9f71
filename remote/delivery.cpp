#include "remote/delivery.hpp"

#include "base/mail/address.hpp"
#include "base/mail/idna.hpp"
#include "base/mail/utf8.hpp"
#include "base/net/connect.hpp"
#include "base/sys/log.hpp"
#include "remote/route.hpp"
#include "remote/smtp_client.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <optional>
#include <system_error>
#include <utility>

namespace asio = boost::asio;

namespace grapnel::remote {

namespace {

Report whole(Fate fate, std::string text)
{
    Verdict verdict;
    verdict.message = {fate, {}, std::move(text)};
    return verdict.report();
}

Report failed(const Failure& failure)
{
    return whole(failure.retry == Retry::later ? Fate::temporary : Fate::permanent, failure.text);
}

// A line break in a command would be a command of the address's author.
bool breaks_lines(const std::string& address)
{
    return address.find_first_of("\r\n") != std::string::npos;
}

std::string for_smtp(const std::string& address)
{
    return split_address(address).has_at ? quote_address(address) : address;
}

Errand make_errand(const Config& config, const Mission& mission,
                   const std::optional<TextFacts>& facts)
{
    Errand errand;
    errand.helo_name = config.helo_name;
    errand.sender = for_smtp(mission.sender);
    for (const auto& recipient : mission.recipients)
        errand.recipients.push_back(for_smtp(recipient));
    errand.requests = read_requests(mission.records);
    errand.requests.tls_demanded = demands_tls(mission);
    errand.binary = is_binary(errand.requests);
    if (facts) errand.size = facts->wire_size(errand.binary ? TextForm::binary : TextForm::lines);
    errand.eight_bit = !facts || facts->eight_bit();
    errand.requests.never_as_null = config.never_as_null;
    for (const auto name : domain_and_suffixes(mission.domain))
        errand.requests.field_is_read |= config.readers_of_field.contains(name);
    const auto is_international = [](const std::string& address) {
        return is_utf8(address) &&
               std::any_of(address.begin(), address.end(), [](char c) { return (c & 0x80) != 0; });
    };
    errand.requests.international_address =
        is_international(mission.sender) ||
        std::any_of(mission.recipients.begin(), mission.recipients.end(), is_international);
    errand.requests.needs_utf8 =
        !facts || facts->eight_bit_header() || errand.requests.international_address;
    return errand;
}

// What the table knew, and what it is to know now.
asio::awaitable<std::optional<net::Stream>> open_connection(const Config& config,
                                                            const TimeoutTable& timeouts,
                                                            net::Endpoint endpoint,
                                                            bool known_to_table)
{
    std::optional<net::IpAddress> source;
    if (config.source && config.source->is_v6() == endpoint.address.is_v6()) source = config.source;
    bool timed_out = false;
    std::optional<net::Stream> stream;
    try {
        stream = co_await net::connect(endpoint, config.connect_limit, source);
    } catch (const std::system_error& error) {
        timed_out = error.code().value() == ETIMEDOUT;   // TimedOut is one of them
    }
    if (timed_out)
        timeouts.note_timeout(endpoint.address, std::time(nullptr));
    else if (known_to_table)
        timeouts.note_answer(endpoint.address);
    co_return std::move(stream);
}

// Hosts that would not talk about the message at all.
struct Refusals {
    std::optional<Verdict> last = {};
    bool all_permanent = true;

    void add(Verdict verdict)
    {
        all_permanent = all_permanent && verdict.message.fate == Fate::permanent;
        last = std::move(verdict);
    }
    // Permanent only where every host said so.
    Report report()
    {
        if (!last)
            return whole(Fate::temporary,
                         "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n");
        if (!all_permanent) last->message.fate = Fate::temporary;
        return last->report();
    }
};

// All that two deliveries must have in common to use one connection.
std::string connection_name(const Config& config, const NextHop& hop, const Errand& errand)
{
    std::string name = hop.endpoint.address.text() + ' ' + std::to_string(hop.endpoint.port) + ' ' +
                       hop.host + ' ' + errand.helo_name +
                       (errand.may_be_myself ? " mx" : " route");
    name += ' ' + std::to_string(static_cast<int>(errand.tls));
    if (errand.login) name += " as " + errand.login->user;
    if (config.source) name += ' ' + config.source->text();
    for (const auto& keyword : errand.unused) name += " -" + keyword;
    return name;
}

asio::awaitable<void> part_from(net::Stream stream, const SmtpDialogue& dialogue,
                                Connections* connections, const std::string& name)
{
    Connections::Kept kept{std::move(stream), dialogue.session()};
    if (connections && dialogue.may_go_on() && connections->keep(name, kept)) co_return;
    if (dialogue.may_say_quit()) co_await say_quit(kept.stream);
}

// What the deliveries of one program share.
struct Common {
    const Config& config;
    const TimeoutTable& timeouts;
    OutboundTls& tls;
    Connections* connections;
};

// nullopt: it could not be reached.
asio::awaitable<std::optional<Verdict>> try_host(Common common, const NextHop& hop,
                                                 bool known_to_table, Errand errand,
                                                 const std::string& authorities,
                                                 MessageFile& message)
{
    const auto& config = common.config;
    const AnswerLimits limits{config.answer_limit, config.trust_limit};
    const TlsRule rule{errand.tls, authorities};
    const TlsMaker make_tls = [&] { return common.tls.layer(rule, hop.host); };
    const auto name = connection_name(config, hop, errand);
    if (auto kept = common.connections ? common.connections->take(name) : std::nullopt) {
        SmtpDialogue dialogue(errand, std::move(kept->session));
        co_await converse(kept->stream, dialogue, message, config.bare_cr, limits, make_tls);
        co_await part_from(std::move(kept->stream), dialogue, common.connections, name);
        if (!dialogue.is_stale()) co_return dialogue.verdict();
    }
    for (;;) {
        auto stream =
            co_await open_connection(config, common.timeouts, hop.endpoint, known_to_table);
        if (!stream) co_return std::nullopt;
        SmtpDialogue dialogue(errand);
        co_await converse(*stream, dialogue, message, config.bare_cr, limits, make_tls);
        co_await part_from(std::move(*stream), dialogue, common.connections, name);
        if (!dialogue.may_do_without_tls()) co_return dialogue.verdict();
        common.tls.note_failure(hop.endpoint);
        errand.tls = TlsLevel::none;
    }
}

// The file that names its authorities, where that is not the usual one.
std::string prepare_tls(Errand& errand, const Common& common, const NextHop& hop,
                        const std::string& domain)
{
    const bool with_login = errand.login != nullptr;
    const auto rule = tls_rule(common.tls.control(), common.config.tls_destinations, hop.host,
                               domain, with_login);
    errand.host = printable(hop.host, 255);
    errand.tls = rule.level;
    if (errand.requests.tls_demanded) {
        // The operator's "none" is a word about this host, and leaves nothing to be demanded of it.
        if (errand.tls == TlsLevel::none) errand.unused.insert("STARTTLS");
        errand.tls = TlsLevel::verify;
    }
    const bool unwanted =
        errand.unused.contains("STARTTLS") || common.tls.failed_lately(hop.endpoint);
    if (errand.tls == TlsLevel::may && unwanted && !with_login) errand.tls = TlsLevel::none;
    errand.tls_at_once = hop.endpoint.port == submissions_port && rule.level != TlsLevel::none &&
                         errand.tls != TlsLevel::none;
    return rule.authorities;
}

asio::awaitable<Report> try_hosts(Common common, Route route, const Mission& mission, Errand errand,
                                  MessageFile& message)
{
    const auto& config = common.config;
    Refusals refusals;
    std::size_t tried = 0;
    // They are said to be up again (qmail-send, ETRN).
    const bool hastened = errand.requests.records.find("hastened") != nullptr;
    for (const auto& hop : route.hops) {
        if (tried == config.most_addresses) break;
        const auto record = common.timeouts.find(hop.endpoint.address);
        if (record && !hastened &&
            is_to_be_skipped(*record, std::time(nullptr), static_cast<pid_t>(mission.turn))) {
            refusals.all_permanent = false;
            continue;
        }
        ++tried;
        errand.peer = hop.endpoint.address.text();
        errand.requests.now = std::time(nullptr);
        errand.unused = config.unused.at(mission.domain, hop.host);
        errand.may_be_myself = !route.fixed;
        const auto authorities = prepare_tls(errand, common, hop, mission.domain);
        const bool known = record.has_value();
        auto verdict = co_await try_host(common, hop, known, errand, authorities, message);
        if (!verdict) {
            refusals.all_permanent = false;
            continue;
        }
        if (!verdict->next_host) co_return verdict->report();
        refusals.add(std::move(*verdict));
    }
    co_return refusals.report();
}

}

bool demands_tls(const Mission& mission)
{
    const bool is_notice = mission.sender.empty() || mission.sender == "#@[]";
    return !is_notice && read_requests(mission.records).records.find("requiretls");
}

namespace {

// The hosts were named by the DNS, without proof.
Report not_proven(const Config& config, const std::string& domain)
{
    const auto name = printable(domain, 255);
    if (config.trust_anchors.empty())
        return whole(Fate::temporary,
                     "The sender demands TLS all the way, and without control/trustanchors I "
                     "cannot prove who takes mail for " +
                         name + ". (#4.3.5)\n");
    return whole(Fate::permanent,
                 "The sender demands TLS all the way, but nothing proves who takes "
                 "mail for " +
                     name + ": its MX records are not signed. (#5.7.30)\n");
}

}

asio::awaitable<Report> deliver(net::Dns& dns, const Config& config, const TimeoutTable& timeouts,
                                OutboundTls& tls, Mission mission, MessageFile& message,
                                Connections* connections)
{
    const auto& recipients = mission.recipients;
    mission.sender = with_ascii_domain(mission.sender);
    for (auto& recipient : mission.recipients) recipient = with_ascii_domain(recipient);
    if (breaks_lines(mission.sender) ||
        std::any_of(recipients.begin(), recipients.end(), breaks_lines))
        co_return whole(
            Fate::permanent,
            "Sorry, an address with a line break in it cannot be used in SMTP. (#5.1.3)\n");
    const auto facts = message.facts();
    auto errand = make_errand(config, mission, facts);
    if (errand.binary && !errand.size) throw UnreadableMessage("no file, and its size unknown");
    if (facts && facts->bare_cr() && !errand.binary && config.bare_cr == BareCr::fail)
        co_return whole(Fate::permanent, bare_cr_outcome().text);

    const auto seed = static_cast<unsigned>(std::time(nullptr)) + (mission.turn << 16);
    auto route = co_await find_route(dns, config, mission.domain, mission.sender, seed);
    if (!route) co_return failed(route.error());
    if (errand.requests.tls_demanded && !route->proven)
        co_return not_proven(config, mission.domain);
    for (const auto& field : message.valid_since())
        if (recipients.size() == 1 && equal_ignoring_case(field.address, recipients.front()))
            errand.requests.since_in_header =
                std::min(field.time, errand.requests.since_in_header.value_or(field.time));
    errand.login = route->login;
    const Common common{config, timeouts, tls, connections};
    co_return co_await try_hosts(common, std::move(*route), mission, std::move(errand), message);
}

}
