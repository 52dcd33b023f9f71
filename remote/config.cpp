#include "remote/config.hpp"

#include "base/net/interfaces.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <limits>
#include <system_error>

namespace grapnel::remote {

namespace {

std::string upper(std::string_view text)
{
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return result;
}

std::vector<net::IpAddress> addresses_in(const Control& control, std::string_view file)
{
    std::vector<net::IpAddress> addresses;
    for (const auto& line : control.list(file).value_or(std::vector<std::string>())) {
        if (const auto address = net::IpAddress::parse(trim(line))) addresses.push_back(*address);
    }
    return addresses;
}

std::chrono::seconds seconds_in(const Control& control, std::string_view file,
                                std::uint64_t fallback)
{
    constexpr std::uint64_t most = 1000000;
    return std::chrono::seconds(
        static_cast<std::int64_t>(std::min(control.integer(file, fallback), most)));
}

// What Debian's dns-root-data keeps where the operator says nothing.
std::vector<std::string> trust_anchors(const Control& control)
{
    constexpr std::size_t longest = 65536;
    if (auto own = control.list("trustanchors")) return *own;
    std::vector<std::string> anchors;
    const auto text = read_file_if_there("/usr/share/dns/root.key", longest).value_or("");
    for (const auto line : split(text, '\n'))
        if (const auto anchor = trim(line.substr(0, line.find(';'))); !anchor.empty())
            anchors.emplace_back(anchor);
    return anchors;
}

BareCr bare_cr_in(const Control& control)
{
    return control.line("barecr").value_or("") == "fail" ? BareCr::fail : BareCr::space;
}

}

bool Ourselves::owns(const net::IpAddress& address) const
{
    const auto is_in = [&](const auto& list) {
        return std::find(list.begin(), list.end(), address) != list.end();
    };
    if (is_in(others)) return false;
    return address.is_loopback() || address.is_unspecified() || is_in(addresses);
}

UnusedExtensions::UnusedExtensions(const std::vector<std::string>& lines)
{
    for (const auto& line : lines) {
        std::string_view rest = line;
        Entry entry;
        if (const auto host = take_until(rest, ':')) entry.host = *host;
        rest = trim(rest);
        if (rest.size() < 2 || rest.front() != '-') continue;
        entry.keyword = upper(rest.substr(1));
        entries_.push_back(std::move(entry));
    }
}

std::set<std::string, std::less<>> UnusedExtensions::at(std::string_view domain,
                                                        std::string_view host) const
{
    std::set<std::string, std::less<>> keywords;
    for (const auto& entry : entries_)
        if (entry.host.empty() || equal_ignoring_case(entry.host, domain) ||
            equal_ignoring_case(entry.host, host))
            keywords.insert(entry.keyword);
    return keywords;
}

namespace {

Config read(const Control& control)
{
    Config config;
    const auto me = control.line("me");
    const auto helo = control.line("helohost");
    if (!me && !helo) throw UnreadableControl("control/me is missing");
    config.helo_name = helo ? *helo : *me;
    config.routes = NameMap(control.list("smtproutes").value_or(std::vector<std::string>()));
    config.senders = NameMap(control.list("authsenders").value_or(std::vector<std::string>()));
    config.tls_destinations =
        TlsDestinations(control.list("tlsdestinations").value_or(std::vector<std::string>()));
    config.ourselves.name = me.value_or("");
    config.ourselves.addresses = net::interface_addresses();
    for (const auto& address : addresses_in(control, "moreipme"))
        config.ourselves.addresses.push_back(address);
    config.ourselves.others = addresses_in(control, "notipme");
    config.unused =
        UnusedExtensions(control.list("remoteext").value_or(std::vector<std::string>()));
    config.resolvers = control.list("resolver").value_or(std::vector<std::string>());
    config.trust_anchors = trust_anchors(control);
    config.source = net::IpAddress::parse(control.line("outgoingip").value_or(""));
    config.connect_limit = seconds_in(control, "timeoutconnect", 60);
    config.answer_limit = seconds_in(control, "timeoutremote", 1200);
    config.trust_limit = in_sandbox();
    config.most_addresses = static_cast<std::size_t>(
        std::clamp<std::uint64_t>(control.integer("maxmxaddrs", 20), 2, 1000));
    config.readers_of_field =
        NameSet(control.list("rrvsheader").value_or(std::vector<std::string>()));
    config.never_as_null = control.integer("nevernull", 0) != 0;
    config.prefer_v4 = control.integer("preferipv4", 0) != 0;
    config.bare_cr = bare_cr_in(control);
    return config;
}

}

Config read_config(const Control& control)
{
    try {
        return read(control);
    } catch (const std::system_error& error) {
        throw UnreadableControl(error.what());
    }
}

}
