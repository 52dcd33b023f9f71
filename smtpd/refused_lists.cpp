#include "smtpd/refused_lists.hpp"

#include "base/mail/address.hpp"

namespace grapnel::smtpd {

namespace {

std::vector<std::string> list_or_none(const Control& control, std::string_view name)
{
    return control.list(name).value_or(std::vector<std::string>());
}

// "10.", "192.0.2.1", "192.0.2.0-15", "2001:db8::/32", "=.example".
bool is_client(std::string_view key)
{
    if (key.starts_with('=') || key.find('/') != std::string_view::npos) return true;
    if (net::IpAddress::parse(key)) return true;
    const bool numbers = key.find_first_not_of("0123456789.-") == std::string_view::npos;
    return numbers && (key.ends_with('.') || key.find('-') != std::string_view::npos);
}

}

void BadClients::add(const std::vector<std::string>& lines, std::vector<std::string>& complaints)
{
    constexpr char quote = '\x01';
    for (const auto& line : lines) {
        const auto blank = line.find_first_of(" \t");
        const auto key = line.substr(0, blank);
        const std::string words(blank == std::string::npos ? "" : trim(line.substr(blank)));
        const bool quotable = words.find(quote) == std::string::npos;
        if (!is_client(key) || !quotable ||
            !rules_.add(key + ":deny,WORDS=" + quote + words + quote))
            complaints.push_back("badclients: bad line: " + line);
    }
}

std::optional<std::string> BadClients::find(const net::IpAddress& address,
                                            const std::optional<std::string>& host) const
{
    const auto* rule = rules_.find(address, host, {});
    if (!rule) return std::nullopt;
    return rule->variables.front().second;
}

ValidRecipients ValidRecipients::open(const Control& control)
{
    ValidRecipients result;
    if (const auto lines = control.list("validrcptto")) {
        result.used_ = true;
        for (const auto& line : *lines) result.listed_.insert(lower(line));
    }
    for (const auto* name : {"validrcptto.cdb", "morevalidrcptto.cdb"})
        if (auto table = CdbReader::open(control.path(name)))
            result.tables_.push_back(std::move(*table));
    result.used_ = result.used_ || !result.tables_.empty();
    return result;
}

bool ValidRecipients::has(std::string_view key) const
{
    if (listed_.contains(key)) return true;
    for (const auto& table : tables_)
        if (table.find(key)) return true;
    return false;
}

bool ValidRecipients::contains(std::string_view address) const
{
    const auto whole = lower(address);
    if (has(whole)) return true;
    if (has('-' + whole)) return false;
    const auto at = whole.rfind('@');
    return at != std::string::npos && has(std::string_view(whole).substr(at));
}

std::optional<std::string> RefusedLists::Pair::find(std::string_view text, bool may_relay) const
{
    auto words = all.find(text);
    if (!words && !may_relay) words = strangers.find(text);
    return words;
}

RefusedLists load_refused_lists(const Control& control, std::vector<std::string>& complaints)
{
    RefusedLists lists;
    const auto read = [&](PatternList& list, std::string_view name) {
        list.add(list_or_none(control, name), name, complaints);
    };
    read(lists.helos.all, "badhelo");
    read(lists.helos.strangers, "badhelonorelay");
    read(lists.senders.all, "badmailfrom");
    read(lists.senders.strangers, "badmailfromnorelay");
    read(lists.recipients.all, "badrcptto");
    read(lists.recipients.all, "badmailto");
    read(lists.recipients.strangers, "badrcpttonorelay");
    lists.clients.add(list_or_none(control, "badclients"), complaints);
    lists.valid = ValidRecipients::open(control);
    return lists;
}

const std::vector<std::string>& refusal_files()
{
    static const std::vector<std::string> names{
        "rcptdatabytes",      "tarpitcount",     "tarpitdelay",
        "brtlimit",           "badclients",      "badhelo",
        "badhelonorelay",     "badmailfrom",     "badmailto",
        "badmailfromnorelay", "badrcptto",       "badrcpttonorelay",
        "validrcptto",        "validrcptto.cdb", "morevalidrcptto.cdb"};
    return names;
}

}
