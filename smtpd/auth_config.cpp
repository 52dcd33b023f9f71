#include "smtpd/auth_config.hpp"

#include "base/text.hpp"
#include "smtpd/sasl/mechanism.hpp"

#include <algorithm>

namespace grapnel::smtpd {

namespace {

constexpr std::uint64_t most_an_hour = 1000000000;

std::vector<std::string> words_of(std::string_view line)
{
    std::vector<std::string> words;
    for (const auto word : split(line, ' '))
        if (!word.empty()) words.emplace_back(word);
    return words;
}

bool has_judge(const Control& control, std::string_view which)
{
    return !words_of(control.line(which).value_or("")).empty();
}

std::vector<std::string> read_mechanisms(const Control& control,
                                         std::vector<std::string>& complaints)
{
    const auto lines = control.list("authmechs");
    if (!lines) return sasl::all_mechanisms();
    std::vector<std::string> names;
    for (const auto& line : *lines)
        for (auto& name : words_of(line)) {
            const auto& all = sasl::all_mechanisms();
            const bool known = std::any_of(all.begin(), all.end(), [&name](const auto& one) {
                return equal_ignoring_case(one, name);
            });
            if (known)
                names.push_back(std::move(name));
            else
                complaints.push_back("authmechs: no such mechanism here: " + name);
        }
    return names;
}

std::uint32_t by_the_hour(const Control& control, std::string_view name, std::uint64_t fallback)
{
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(control.integer(name, fallback), most_an_hour));
}

}

AuthConfig read_auth(const Control& control, const std::string& me,
                     std::vector<std::string>& complaints)
{
    AuthConfig auth;
    auth.mechanisms = read_mechanisms(control, complaints);
    auth.tries =
        static_cast<unsigned>(std::clamp<std::uint64_t>(control.integer("authtries", 3), 1, 1000));
    auth.in_clear = control.integer("authclear", 0) != 0;
    auth.max_failures = by_the_hour(control, "maxauthfails", 30);
    auth.judges = std::clamp<std::uint64_t>(control.integer("concurrencyauth", 20), 1, 64);
    auth.judges_passwords = has_judge(control, password_judge);
    auth.judges_tokens = has_judge(control, token_judge);
    auth.judges_senders = has_judge(control, sender_judge);
    auto credentials = Credentials::open(control.path("saslpasswd.cdb"));
    auth.broken = !credentials;
    if (credentials)
        auth.credentials = std::move(*credentials);
    else
        complaints.push_back("saslpasswd.cdb: " + credentials.error().text);
    auth.rights = SenderRights::open(control.path("sendas.cdb"), me);
    std::vector<std::string> bad;
    auth.fixups = FixupWords::parse(control.list("fixup"), bad);
    for (const auto& word : bad) complaints.push_back("fixup: no such word here: " + word);
    auth.default_host = control.line("defaulthost").value_or(me);
    auth.max_messages = by_the_hour(control, "maxusermsgs", 0);
    auth.max_recipients = by_the_hour(control, "maxuserrcpts", 0);
    return auth;
}

const std::vector<std::string>& auth_files()
{
    static const std::vector<std::string> names{
        "authmechs",     "authtries",   "authclear",   "maxauthfails",   "concurrencyauth",
        "checkpassword", "checktoken",  "checksender", "saslpasswd.cdb", "sendas.cdb",
        "fixup",         "defaulthost", "maxusermsgs", "maxuserrcpts"};
    return names;
}

queue::JudgeRule judge_rule(std::vector<std::string> checker)
{
    return [checker = std::move(checker)](std::string_view which) {
        if (which == password_judge && !checker.empty()) return checker;
        const bool known = which == password_judge || which == token_judge || which == sender_judge;
        return known ? words_of(Control().line(which).value_or("")) : std::vector<std::string>();
    };
}

}
