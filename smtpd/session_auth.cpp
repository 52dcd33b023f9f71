// AUTH (RFC 4954): the exchange, who is asked about it, and what follows from it.
#include "smtpd/session.hpp"

#include "base/base64.hpp"
#include "base/net/attended.hpp"
#include "base/net/backroom.hpp"
#include "base/net/timer.hpp"
#include "base/net/tls_layer.hpp"
#include "base/sys/clock.hpp"
#include "base/text.hpp"
#include "smtpd/client_table.hpp"
#include "smtpd/damaged_table.hpp"
#include "smtpd/judges.hpp"
#include "smtpd/log.hpp"
#include "smtpd/sasl/prepare.hpp"
#include "smtpd/sasl/scram_keys.hpp"
#include "smtpd/usage.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

namespace grapnel::smtpd {

using namespace std::chrono_literals;
using net::asio::awaitable;

namespace {

constexpr std::size_t longest_question = 512;   // that checkpassword programs read
constexpr unsigned longest_pause = 5;
constexpr std::string_view wrong_guesses = "guesses";

Answer wrong_base64()
{
    return Answer(501, "5.5.2", "that is no base64 (#5.5.2)").because("base64");
}

Answer unavailable(std::string why)
{
    return Answer(454, "4.7.0", "unable to check that now, try again later (#4.7.0)")
        .because(std::move(why));
}

awaitable<void> put_question(Judges& judges, std::string which, std::size_t most,
                             std::vector<std::string> variables, net::Secret input, Word& word,
                             std::string& trouble)
{
    word = co_await judges.ask(std::move(which), most, std::move(variables), std::move(input),
                               trouble);
}

// Shared with the thread that makes it: who asked for it may leave.
struct Comparison {
    sasl::ScramKeys keys;
    net::Secret password;
    bool same = false;
    void make() { same = sasl::is_password(keys, password.view()); }
};

awaitable<void> have_made(net::Backroom& backroom, std::shared_ptr<Comparison> comparison,
                          bool& made)
{
    std::function<void()> work = [comparison] { comparison->make(); };
    const auto deadline = net::SteadyClock::now() + Judges::usual_limit;
    made = co_await backroom.run(std::move(work), deadline);
}

// His address, or of IPv6 the network that he may choose addresses from.
std::string client_name(const Peer& peer) { return std::to_string(client_key(*peer.address)); }

}

// The name in his certificate that is listed in control/tlsclients.
std::string Session::certified_name() const
{
    const auto& client = stream_.tls()->facts().client;
    if (!client || !client->verified) return {};
    const auto found =
        std::find_if(client->names.begin(), client->names.end(), [this](const std::string& name) {
            return config().tls_clients.contains(name);
        });
    return found == client->names.end() ? std::string() : *found;
}

// Which mechanisms there are; without any AUTH is not offered.
void Session::settle_mechanisms()
{
    if (!is_in_tls() && !config().auth.in_clear) offered_.switch_off(Extension::auth);
    auth_.mechanisms = offered_.has(Extension::auth)
                           ? sasl::offered(config().auth.mechanisms, sasl_surroundings())
                           : std::vector<std::string>();
    if (auth_.mechanisms.empty()) offered_.switch_off(Extension::auth);
}

sasl::Surroundings Session::sasl_surroundings() const
{
    const auto& auth = config().auth;
    sasl::Surroundings around;
    around.passwords = auth.credentials || auth.judges_passwords || around_.has_checker;
    around.tokens = auth.judges_tokens;
    if (auth.credentials)
        around.keys = [&auth](std::string_view user) { return auth.credentials->find(user); };
    if (is_in_tls()) {
        around.binding = [this](std::string_view type) {
            return stream_.tls()->channel_binding(type);
        };
        around.certified = certified_name();
    }
    return around;
}

Answer Session::auth(std::string_view argument)
{
    if (!extensions_.has(Extension::auth)) return Answer(502, "5.5.1", "unimplemented (#5.5.1)");
    if (!extended_) return Answer(503, "5.5.1", "EHLO first (#5.5.1)");
    if (auth_.done()) return Answer(503, "5.5.1", "you have done that already (#5.5.1)");
    if (step_ > Step::greeted) return Answer(503, "5.5.1", "not within a message (#5.5.1)");
    if (!is_in_tls() && !config().auth.in_clear)
        return Answer(538, "5.7.11", "STARTTLS first (#5.7.11)");
    const auto blank = argument.find(' ');
    const auto name = argument.substr(0, blank);
    if (name.empty()) return Answer(501, "5.5.4", "AUTH needs a mechanism (#5.5.4)");
    const auto& known = auth_.mechanisms;
    const auto found = std::find_if(known.begin(), known.end(), [name](const std::string& one) {
        return equal_ignoring_case(one, name);
    });
    if (found == known.end()) return Answer(504, "5.5.4", "no such mechanism here (#5.5.4)");
    if (config().auth.broken) return unavailable("saslpasswd.cdb");
    if (guesses_too_often())
        return Answer(421, "4.7.0", "too many failures, try again later (#4.7.0)")
            .because("maxauthfails")
            .and_hang_up();
    auth_.response.reset();
    if (blank != std::string_view::npos) {
        const auto initial = argument.substr(blank + 1);
        auto bytes = initial == "=" ? std::string() : from_base64(initial);
        if (!bytes || initial.empty()) return wrong_base64();
        auth_.response = net::Secret(*bytes);
        net::wipe_bytes(*bytes);
    }
    auth_.asked = *found;
    const bool plus = known.front() == "SCRAM-SHA-256-PLUS";
    auth_.exchange = sasl::make_mechanism(*found, sasl_surroundings(), plus);
    return Answer(334, "", "");
}

// nullopt: what is to be said instead of going on.
awaitable<std::optional<net::Secret>> Session::next_response(std::string_view challenge,
                                                             Answer& instead)
{
    say(Answer(334, "", to_base64(challenge)));
    reader_.expect_response(true);
    auto line = co_await next_command();
    reader_.expect_response(false);
    if (!line) {
        closing_ = silent_ = true;
        co_return std::nullopt;
    }
    if (line->fault != CommandLine::Fault::none) {
        instead = line_fault(line->fault);
        if (line->fault == CommandLine::Fault::too_long) instead.enhanced = "5.5.6";
        co_return std::nullopt;
    }
    if (line->text == "*") {
        instead = Answer(501, "5.7.0", "as you like (#5.7.0)").because("cancelled");
        co_return std::nullopt;
    }
    auto bytes = from_base64(line->text);
    net::wipe_bytes(line->text);
    instead = wrong_base64();
    if (!bytes) co_return std::nullopt;
    net::Secret response(*bytes);
    net::wipe_bytes(*bytes);
    co_return response;
}

// The exchange to its end; what went wrong with our own tables is nobody's fault out there.
awaitable<Answer> Session::authenticate()
{
    Answer answer;
    try {
        answer = co_await exchange_to_its_end();
    } catch (const DamagedTable& error) {
        answer = unavailable(error.what());
    }
    auth_.exchange.reset();
    auth_.response.reset();
    if (!answer.positive()) {
        note_refusal("auth", auth_.asked, answer);
        count_fault(answer);
    }
    co_return answer;
}

awaitable<Answer> Session::exchange_to_its_end()
{
    using Next = sasl::Step::Kind;
    auto& exchange = *auth_.exchange;
    auto step = auth_.response ? exchange.take(auth_.response->view()) : exchange.begin();
    auth_.response.reset();
    while (step.kind == Next::challenge || step.kind == Next::check) {
        if (step.kind == Next::check) {
            std::string trouble;
            const Word word = co_await judge(step, trouble);
            if (word == Word::later) co_return unavailable(trouble);
            step = exchange.judged(word == Word::yes, std::move(step.user));
            continue;
        }
        Answer instead;
        auto response = co_await next_response(step.bytes, instead);
        if (!response) co_return instead;
        step = exchange.take(response->view());
    }
    if (step.kind == Next::done) {
        Answer admitted = co_await admit_unless_refused(std::move(step.user));
        co_return admitted;
    }
    if (step.kind == Next::malformed)
        co_return Answer(501, "5.5.2", "that is no answer to this (#5.5.2)").because("syntax");
    Answer answer = co_await refuse_guess();
    co_return answer;
}

// Our own table first; who is not in it may be known to the program.
awaitable<Word> Session::judge(sasl::Step& step, std::string& trouble)
{
    const auto& auth = config().auth;
    const bool token = step.check == sasl::Step::Check::token;
    const bool program = auth.judges_passwords || around_.has_checker;
    if (!token && auth.credentials) {
        const auto keys = auth.credentials->find(step.user);
        if (keys.known || !program) {
            auto password = sasl::prepare_password(step.secret.view());
            const Word word = co_await compare(keys, std::move(password), trouble);
            co_return word;
        }
    }
    auto input = question(step.user, step.secret.view(), token ? auth_.asked : "");
    step.secret.clear();
    if (!token && input.view().size() > longest_question) co_return Word::no;
    const auto which = token ? token_judge : password_judge;
    const Word word = co_await ask_judge(which, std::move(input), trouble);
    co_return word;
}

// Thousands of rounds, that others must not wait for.
awaitable<Word> Session::compare(sasl::ScramKeys keys, net::Secret password, std::string& trouble)
{
    const auto comparison =
        std::make_shared<Comparison>(Comparison{std::move(keys), std::move(password)});
    if (!around_.backroom) {
        comparison->make();
    } else {
        bool made = false;
        co_await flush();
        asking_ = true;
        auto work = have_made(*around_.backroom, comparison, made);
        co_await net::attended(stream_, std::move(work));
        asking_ = false;
        trouble = "too many passwords to compare";
        if (!made) co_return Word::later;
    }
    co_return comparison->same ? Word::yes : Word::no;
}

awaitable<Word> Session::ask_judge(std::string_view which, net::Secret input, std::string& trouble)
{
    Word word = Word::later;
    trouble = "nobody to ask";
    if (!around_.judges) co_return word;
    co_await flush();
    asking_ = true;
    auto variables = around_.peer.variables();
    auto work = put_question(*around_.judges, std::string(which), config().auth.judges,
                             std::move(variables), std::move(input), word, trouble);
    co_await net::attended(stream_, std::move(work));
    asking_ = false;
    if (!trouble.empty()) trouble = std::string(which) + ": " + trouble;
    co_return word;
}

Answer Session::admit(std::string user)
{
    become_user(std::move(user), auth_.asked);
    look_at_circumstances();
    log::authenticated(around_.name, around_.peer);
    return Answer(235, "2.7.0", "ok, go ahead (#2.7.0)");
}

void Session::become_user(std::string user, std::string method)
{
    auth_.user = std::move(user);
    auth_.method = std::move(method);
    around_.peer.admitted = true;
    around_.peer.user = auth_.user;
    around_.peer.method = auth_.method;
}

void Session::forget_login()
{
    if (auth_.done()) around_.peer.admitted = false;
    around_.peer.user.clear();
    around_.peer.method.clear();
    auth_ = {};
}

bool Session::guesses_too_often() const
{
    const auto most = config().auth.max_failures;
    return around_.usage && around_.peer.address && most > 0 &&
           around_.usage->used(wrong_guesses, client_name(around_.peer), SystemClock().now()) >=
               most;
}

// The more he guesses, the longer he waits; whether there is such a user makes no difference.
awaitable<Answer> Session::refuse_guess()
{
    ++auth_.failures;
    if (around_.usage && around_.peer.address)
        around_.usage->use(wrong_guesses, client_name(around_.peer), 1, 0, SystemClock().now());
    co_await pause(std::chrono::seconds(std::min(auth_.failures, longest_pause)));
    if (auth_.failures >= config().auth.tries)
        co_return Answer(421, "4.7.0", "authorization failed too often (#4.7.0)")
            .because("authtries")
            .and_hang_up();
    co_return Answer(535, "5.7.8", "authorization failed (#5.7.8)").because("password");
}

}
