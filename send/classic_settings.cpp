#include "send/classic_settings.hpp"

#include "base/sys/log.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <system_error>

namespace grapnel::send {

namespace {

enum class Form { line, line_or_me, integer, list };

struct ClassicSetting {
    std::string_view name;
    Form form;
    std::string_view fallback;   // of a list: the whole sentence
    std::string_view before, after;
};

constexpr std::array table{
    ClassicSetting{"badmailfrom", Form::list, "Any MAIL FROM is allowed.", "",
                   " not accepted in MAIL FROM."},
    ClassicSetting{"bouncefrom", Form::line, "MAILER-DAEMON", "Bounce user name is ", ""},
    ClassicSetting{"bouncehost", Form::line_or_me, "bouncehost", "Bounce host name is ", ""},
    ClassicSetting{"concurrencylocal", Form::integer, "10", "Local concurrency is ", ""},
    ClassicSetting{"concurrencyremote", Form::integer, "20", "Remote concurrency is ", ""},
    ClassicSetting{"databytes", Form::integer, "0", "SMTP DATA limit is ", " bytes"},
    ClassicSetting{"defaultdomain", Form::line_or_me, "defaultdomain", "Default domain name is ",
                   ""},
    ClassicSetting{"defaulthost", Form::line_or_me, "defaulthost", "Default host name is ", ""},
    ClassicSetting{"doublebouncehost", Form::line_or_me, "doublebouncehost",
                   "2B recipient host: ", ""},
    ClassicSetting{"doublebounceto", Form::line, "postmaster", "2B recipient user: ", ""},
    ClassicSetting{"envnoathost", Form::line_or_me, "envnoathost", "Presumed domain name is ", ""},
    ClassicSetting{"helohost", Form::line_or_me, "helohost", "SMTP client HELO host name is ", ""},
    ClassicSetting{"idhost", Form::line_or_me, "idhost", "Message-ID host name is ", ""},
    ClassicSetting{"localiphost", Form::line_or_me, "localiphost", "Local IP address becomes ", ""},
    ClassicSetting{"locals", Form::list, "Messages for me are delivered locally.", "Messages for ",
                   " are delivered locally."},
    ClassicSetting{"me", Form::line, "undefined! Uh-oh", "My name is ", ""},
    ClassicSetting{"percenthack", Form::list, "The percent hack is not allowed.",
                   "The percent hack is allowed for user%host@", "."},
    ClassicSetting{"plusdomain", Form::line_or_me, "plusdomain", "Plus domain name is ", ""},
    ClassicSetting{"qmqpservers", Form::list, "No QMQP servers.", "QMQP server: ", "."},
    ClassicSetting{"queuelifetime", Form::integer, "604800", "Message lifetime in the queue is ",
                   " seconds"},
    ClassicSetting{"rcpthosts", Form::list, "SMTP clients may send messages to any recipient.",
                   "SMTP clients may send messages to recipients at ", "."},
    ClassicSetting{"morercpthosts", Form::list, "No effect.",
                   "SMTP clients may send messages to recipients at ", "."},
    ClassicSetting{"morercpthosts.cdb", Form::line, "", "", ""},
    ClassicSetting{"smtpgreeting", Form::line_or_me, "smtpgreeting", "SMTP greeting: 220 ", ""},
    ClassicSetting{"smtproutes", Form::list, "No artificial SMTP routes.", "SMTP route: ", ""},
    ClassicSetting{"timeoutconnect", Form::integer, "60", "SMTP client connection timeout is ",
                   " seconds"},
    ClassicSetting{"timeoutremote", Form::integer, "1200", "SMTP client data timeout is ",
                   " seconds"},
    ClassicSetting{"timeoutsmtpd", Form::integer, "1200", "SMTP server data timeout is ",
                   " seconds"},
    ClassicSetting{"virtualdomains", Form::list, "No virtual domains.", "Virtual domain: ", ""},
};

std::string shown(std::string_view text) { return printable(text, text.size()); }

std::string_view first_line(std::string_view text)
{
    return trim_right(text.substr(0, text.find('\n')));
}

std::string list_text(const ClassicSetting& setting, const std::optional<std::string>& text)
{
    if (!text) return "(Default.) " + std::string(setting.fallback) + '\n';
    std::string result = "\n";
    for (const auto raw : split(*text, '\n')) {
        const auto entry = trim_right(raw);
        if (entry.empty() || entry.front() == '#') continue;
        // A password behind a relay is for qmail-remote alone.
        const auto bar = setting.name == "smtproutes" ? entry.find('|') : std::string_view::npos;
        result.append(setting.before).append(shown(entry.substr(0, bar))).append(setting.after) +=
            bar == std::string_view::npos ? "\n" : "|(not shown)\n";
    }
    return result;
}

std::string value_text(const ClassicSetting& setting, const std::optional<std::string>& text,
                       const std::optional<std::string>& me)
{
    std::optional<std::string> value;
    if (text && setting.form == Form::integer) {
        if (const auto number = leading_number(first_line(*text))) value = std::to_string(*number);
    } else if (text) {
        value = shown(first_line(*text));
    }
    std::string fallback(setting.fallback);
    if (setting.form == Form::line_or_me && me) fallback = shown(*me);
    return (value ? "" : "(Default.) ") + std::string(setting.before) + value.value_or(fallback) +
           std::string(setting.after) + ".\n";
}

std::string_view table_text(TableState state)
{
    switch (state) {
    case TableState::none:
        break;
    case TableState::without_text:
        return "Oops! morercpthosts.cdb exists but morercpthosts doesn't.\n";
    case TableState::missing:
        return "Oops! morercpthosts exists but morercpthosts.cdb doesn't.\n";
    case TableState::old:
        return "Oops! morercpthosts.cdb is older than morercpthosts.\n";
    case TableState::fresh:
        return "Modified recently enough; hopefully up to date.\n";
    }
    return "(Default.) No effect.\n";
}

}

std::string classic_settings(const FileText& text_of, TableState more_hosts, bool open_relay)
{
    std::optional<std::string> me;
    if (const auto text = text_of("me")) me = first_line(*text);
    bool has_hosts = true;
    std::string result;
    for (auto setting : table) {
        result.append("\n").append(setting.name).append(": ");
        if (setting.name == "morercpthosts.cdb") {
            result += table_text(more_hosts);
            continue;
        }
        try {
            const auto text = text_of(setting.name);
            if (setting.name == "rcpthosts") {
                has_hosts = text.has_value();
                // Ours is no open relay without that file.
                if (!open_relay)
                    setting.fallback = "SMTP clients may send messages to local domains only.";
            }
            if (setting.name == "morercpthosts" && !has_hosts) {
                setting.fallback = "No rcpthosts; morercpthosts is irrelevant.";
                setting.before = "No rcpthosts; doesn't matter that morercpthosts has ";
            }
            result += setting.form == Form::list ? list_text(setting, text)
                                                 : value_text(setting, text, me);
        } catch (const std::system_error&) {
            result += "Oops! Trouble reading this file.\n";
        }
    }
    return result;
}

bool is_classic_setting(std::string_view name)
{
    return std::any_of(table.begin(), table.end(),
                       [&](const auto& setting) { return setting.name == name; });
}

}
