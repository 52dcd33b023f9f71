#include "smtpd/sasl/mechanism.hpp"

#include "base/text.hpp"
#include "smtpd/sasl/bearer.hpp"
#include "smtpd/sasl/external.hpp"
#include "smtpd/sasl/password.hpp"
#include "smtpd/sasl/scram.hpp"

#include <algorithm>
#include <array>

namespace grapnel::sasl {

namespace {

struct Row {
    const char* name;
    bool (*works)(const Surroundings&);
    std::unique_ptr<Mechanism> (*make)(const Surroundings&, bool plus_offered);
};

bool has_binding(const Surroundings& around)
{
    return around.binding &&
           (around.binding("tls-exporter") || around.binding("tls-server-end-point"));
}

template <class Kind>
std::unique_ptr<Mechanism> plain(const Surroundings&, bool)
{
    return std::make_unique<Kind>();
}

// Strongest first: many clients take the first they know.
constexpr std::array rows{
    Row{"SCRAM-SHA-256-PLUS",
        [](const Surroundings& around) { return around.keys && has_binding(around); },
        [](const Surroundings& around, bool) -> std::unique_ptr<Mechanism> {
            return std::make_unique<Scram>(around, Scram::Binding::required);
        }},
    Row{"SCRAM-SHA-256", [](const Surroundings& around) { return static_cast<bool>(around.keys); },
        [](const Surroundings& around, bool plus_offered) -> std::unique_ptr<Mechanism> {
            return std::make_unique<Scram>(around, plus_offered ? Scram::Binding::was_offered
                                                                : Scram::Binding::none);
        }},
    Row{"EXTERNAL", [](const Surroundings& around) { return !around.certified.empty(); },
        [](const Surroundings& around, bool) -> std::unique_ptr<Mechanism> {
            return std::make_unique<External>(around.certified);
        }},
    Row{"OAUTHBEARER", [](const Surroundings& around) { return around.tokens; },
        plain<OauthBearer>},
    Row{"XOAUTH2", [](const Surroundings& around) { return around.tokens; }, plain<Xoauth2>},
    Row{"PLAIN", [](const Surroundings& around) { return around.passwords; }, plain<Plain>},
    Row{"LOGIN", [](const Surroundings& around) { return around.passwords; }, plain<Login>},
};

}

Step Step::challenge(std::string bytes)
{
    Step step;
    step.kind = Kind::challenge;
    step.bytes = std::move(bytes);
    return step;
}

Step Step::done(std::string user)
{
    Step step;
    step.kind = Kind::done;
    step.user = std::move(user);
    return step;
}

Step Step::ask(Check check, std::string user, std::string_view secret)
{
    Step step;
    step.kind = Kind::check;
    step.user = std::move(user);
    step.secret = net::Secret(secret);
    step.check = check;
    return step;
}

Step Step::malformed()
{
    Step step;
    step.kind = Kind::malformed;
    return step;
}

Step Mechanism::judged(bool accepted, std::string user)
{
    return accepted ? Step::done(std::move(user)) : Step::refused();
}

const std::vector<std::string>& all_mechanisms()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> result;
        for (const auto& row : rows) result.emplace_back(row.name);
        return result;
    }();
    return names;
}

std::vector<std::string> offered(const std::vector<std::string>& wanted,
                                 const Surroundings& surroundings)
{
    std::vector<std::string> result;
    for (const auto& row : rows) {
        const bool is_wanted =
            std::any_of(wanted.begin(), wanted.end(), [&row](const std::string& name) {
                return equal_ignoring_case(name, row.name);
            });
        if (is_wanted && row.works(surroundings)) result.emplace_back(row.name);
    }
    return result;
}

std::unique_ptr<Mechanism> make_mechanism(std::string_view name, const Surroundings& surroundings,
                                          bool plus_offered)
{
    for (const auto& row : rows)
        if (equal_ignoring_case(name, row.name)) return row.make(surroundings, plus_offered);
    return nullptr;
}

}
