#include "hooks/scanner/scanner_settings.hpp"

#include "base/net/url.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "hooks/filter/filter.hpp"
#include "hooks/scanner/scanner_file.hpp"

#include <algorithm>
#include <system_error>

namespace grapnel::hooks {

namespace {

constexpr std::array<std::string_view, 36> known_files{"url",
                                                       "register-url",
                                                       "discovery",
                                                       "token",
                                                       "client-key.pem",
                                                       "client-cert.pem",
                                                       "hmac-key",
                                                       "hmac-keyid",
                                                       "ca.pem",
                                                       "allow-origin",
                                                       "insecure-loopback",
                                                       "serialization",
                                                       "stages",
                                                       "require",
                                                       "properties",
                                                       "allow",
                                                       "allow-outbound",
                                                       "actions",
                                                       "allow-downgrade",
                                                       "relay-recipients",
                                                       "filter",
                                                       "filter-disclose",
                                                       "timeout",
                                                       "attempt-timeout",
                                                       "retries",
                                                       "on-failure",
                                                       "on-failure-outbound",
                                                       "on-malformed",
                                                       "on-oversize",
                                                       "max-inflight",
                                                       "max-waiting",
                                                       "max-connections",
                                                       "breaker-failures",
                                                       "breaker-open",
                                                       "metadata",
                                                       "capture"};

template <class Value>
void set(Value& setting, const std::optional<Value>& value)
{
    if (value) setting = *value;
}

// A number in the setting's own type.
template <class Value>
void set_number(Value& setting, const std::optional<std::uint64_t>& value)
{
    if (value) setting = static_cast<Value>(*value);
}

std::vector<Pointer> default_allow(Direction direction)
{
    std::vector<Pointer> pointers;
    const auto add = [&](const char* text) { pointers.push_back(*Pointer::parse(text)); };
    add("/action");
    if (direction == Direction::outbound) {
        add("/envelope/to");
        return pointers;
    }
    for (const auto* text : {"/response", "/message/headers", "/message/subject"}) add(text);
    return pointers;
}

void check_names(const ScannerFiles& directory, const std::string& path)
{
    auto names = list_directory(path);
    std::sort(names.begin(), names.end());
    for (const auto& file : names) {
        const bool is_time = file.starts_with("timeout-") && stage_named(file.substr(8));
        if (!is_time &&
            std::find(known_files.begin(), known_files.end(), file) == known_files.end())
            directory.error(printable(file, 100), "no such setting");
    }
}

// A URL of our own configuration. origin: nothing behind the host.
void check_url(const ScannerFiles& directory, const ScannerSettings& settings,
               std::string_view file, const std::string& text, bool origin)
{
    const auto url = net::Url::parse(text);
    if (!url) return directory.no_good(file, text, "is no https URL");
    if (origin && url->path() != "/")
        directory.no_good(file, text, "has something behind its host");
    if (url->scheme() == "https") return;
    if (!settings.insecure_loopback)
        directory.no_good(file, text, "is no https URL, and insecure-loopback is not 1");
    else if (!url->is_loopback())
        directory.no_good(file, text, "is no https URL, and its host no loopback address");
}

void read_place(const ScannerFiles& directory, ScannerSettings& settings)
{
    set(settings.insecure_loopback, directory.flag("insecure-loopback"));
    set(settings.url, directory.line("url"));
    set(settings.register_url, directory.line("register-url"));
    const bool by_hand = !settings.register_url.empty();
    const auto discovery = directory.flag("discovery");
    settings.discovery = discovery.value_or(!by_hand);
    set(settings.origins, directory.list("allow-origin"));
    if (settings.url.empty() && !by_hand) directory.error("url", "is missing");
    if (settings.discovery && by_hand)
        directory.error("discovery", "is 1, which register-url makes impossible");
    if (!settings.discovery && !by_hand) directory.error("register-url", "is missing");
    if (!settings.url.empty()) check_url(directory, settings, "url", settings.url, true);
    if (by_hand) check_url(directory, settings, "register-url", settings.register_url, false);
    for (const auto& other : settings.origins)
        check_url(directory, settings, "allow-origin", other, true);
    if (status_if_there(directory.path("ca.pem"))) settings.ca_file = directory.path("ca.pem");
}

void read_serialization(const ScannerFiles& directory, ScannerSettings& settings)
{
    const auto word = directory.line("serialization");
    if (!word) return;
    if (*word == "json")
        settings.serialization = WantedSerialization::json;
    else if (*word == "cbor")
        settings.serialization = WantedSerialization::cbor;
    else if (*word != "auto")
        directory.no_good("serialization", *word, "is none of json, cbor, auto");
}

void read_stages(const ScannerFiles& directory, ScannerSettings& settings)
{
    const auto stages = directory.stages("stages");
    if (!stages || stages->empty()) directory.error("stages", "is missing");
    set(settings.stages, stages);
    if (settings.stages.empty()) settings.stages.add(Stage::data);   // where it counts as failed
    set(settings.required, directory.stages("require"));
    for (const Stage stage : all_stages)
        if (settings.required.has(stage) && !settings.stages.has(stage))
            directory.no_good("require", name(stage), "is not among stages");
}

void read_rights(const ScannerFiles& directory, ScannerSettings& settings)
{
    if (auto properties = directory.pointers("properties"))
        settings.properties = std::move(*properties);
    settings.allow = directory.pointers("allow").value_or(default_allow(Direction::inbound));
    settings.allow_outbound =
        directory.pointers("allow-outbound").value_or(default_allow(Direction::outbound));
    if (auto actions = directory.actions("actions")) settings.actions = std::move(*actions);
    set(settings.allow_downgrade, directory.flag("allow-downgrade"));
    set(settings.relay_recipients, directory.flag("relay-recipients"));
    set(settings.capture, directory.flag("capture"));
}

void read_filter(const ScannerFiles& directory, ScannerSettings& settings)
{
    set(settings.disclose_filter, directory.flag("filter-disclose"));
    const auto lines = directory.list("filter");
    if (!lines) return;
    settings.filter = join(*lines, "\n");
    const auto filter = Filter::parse(settings.filter);
    if (!filter) directory.error("filter", filter.error().text);
}

void read_times(const ScannerFiles& directory, ScannerSettings& settings)
{
    const auto general = directory.time("timeout", 60);
    for (const Stage stage : all_stages) {
        const auto own = directory.time("timeout-" + std::string(name(stage)), 60);
        settings.timeouts[static_cast<std::size_t>(stage)] = own ? own : general;
    }
    settings.attempt_timeout = directory.time("attempt-timeout", 60);
    set_number(settings.retries, directory.number("retries", 0, 10));
    set(settings.breaker_open, directory.time("breaker-open", 300));
}

void read_policies(const ScannerFiles& directory, ScannerSettings& settings)
{
    const auto accept = Policy::accept, quarantine = Policy::quarantine,
               tempfail = Policy::tempfail, reject = Policy::reject;
    settings.on_failure = directory.policy("on-failure", {tempfail, accept, quarantine, reject})
                              .value_or(Policy::tempfail);
    const bool outbound_given = status_if_there(directory.path("on-failure-outbound")).has_value();
    settings.on_failure_outbound = directory.policy("on-failure-outbound", {accept, tempfail})
                                       .value_or(outbound_given ? tempfail : accept);
    set(settings.on_malformed, directory.policy("on-malformed", {accept, tempfail, quarantine}));
    set(settings.on_oversize,
        directory.policy("on-oversize", {accept, tempfail, quarantine, reject}));
}

void read_load(const ScannerFiles& directory, ScannerSettings& settings)
{
    set_number(settings.max_inflight, directory.number("max-inflight", 1, 10000));
    set_number(settings.max_waiting, directory.number("max-waiting", 0, 100000));
    set_number(settings.max_connections, directory.number("max-connections", 1, 1000));
    set_number(settings.breaker_failures, directory.number("breaker-failures", 1, 1000));
}

void read_metadata(const ScannerFiles& directory, ScannerSettings& settings)
{
    for (const auto& entry : directory.list("metadata").value_or(std::vector<std::string>{})) {
        const auto blank = entry.find_first_of(" \t");
        const auto value = blank == entry.npos ? "" : trim(std::string_view(entry).substr(blank));
        if (value.empty())
            directory.no_good("metadata", entry, "is no KEY VALUE");
        else
            settings.metadata[entry.substr(0, blank)] = value;
    }
}

bool is_name(std::string_view name)
{
    const auto good = [](char c) {
        return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), good);
}

}

ReadScanner read_scanner(const std::string& control, const std::string& scanner,
                         bool with_credentials)
{
    ReadScanner read;
    auto& settings = read.settings;
    settings.name = scanner;
    settings.directory = control + "/hooks/" + scanner;
    const ScannerFiles directory(settings.directory, "control/hooks/" + printable(scanner, 100),
                                 read.errors);
    if (!is_name(scanner))
        read.errors.push_back("control/hooks/" + printable(scanner, 100) +
                              ": is no name of 1 to 64 letters, digits, dots, \"_\" and \"-\"");
    try {
        check_names(directory, settings.directory);
        read_place(directory, settings);
        read_serialization(directory, settings);
        read_stages(directory, settings);
        read_rights(directory, settings);
        read_filter(directory, settings);
        read_times(directory, settings);
        read_policies(directory, settings);
        read_load(directory, settings);
        read_metadata(directory, settings);
        if (!with_credentials) return read;
        auto credentials = read_credentials(settings);
        if (credentials)
            settings.credentials = std::move(*credentials);
        else
            read.errors.push_back(credentials.error().text);
    } catch (const std::system_error& trouble) {
        read.errors.push_back("control/hooks/" + scanner + ": " +
                              std::string(reason(trouble.code().value())));
    }
    return read;
}

std::vector<ReadScanner> read_scanners(const std::string& control, bool with_credentials)
{
    std::vector<ReadScanner> all;
    try {
        for (const auto& name : scanner_names(control))
            all.push_back(read_scanner(control, name, with_credentials));
    } catch (const std::system_error& trouble) {
        all.emplace_back();
        all.back().errors.push_back("control/hooks: " +
                                    std::string(reason(trouble.code().value())));
    }
    return all;
}

}
