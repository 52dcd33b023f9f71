// The name by which other programs send mail. Translates its arguments and becomes qmail-inject,
// qmail-smtpd or qmail-qread; what qmail-inject does it does by itself, unless bin/ holds another
// one. sendmail(8).
#include "base/arguments.hpp"
#include "base/sys/build_id.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "base/sys/spawn.hpp"
#include "inject/injection.hpp"
#include "inject/report_wishes.hpp"
#include "inject/sendmail_options.hpp"

#include <unistd.h>

using namespace grapnel;
using namespace grapnel::inject;

namespace {

std::string path_of(const std::string& name)
{
    auto path = "bin/" + name;
    // Looked at first: once exec has failed there is nobody left to say so.
    if (::access(path.c_str(), X_OK) != 0) throw Stop{111, "fatal: unable to run " + name};
    return path;
}

// words: its path first.
[[noreturn]] void become_program(const std::vector<std::string>& words,
                                 const Environment& environment)
{
    execute({.path = words[0], .arguments = words, .environment = environment.entries()});
}

// A client on this very machine, unless whoever started us has said who it is.
void describe_client(Environment& environment)
{
    if (environment.has("PROTO")) return;
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
             {"RELAYCLIENT", ""},
             {"DATABYTES", "0"},
             {"PROTO", "TCP"},
             {"TCPLOCALIP", "127.0.0.1"},
             {"TCPLOCALHOST", "localhost"},
             {"TCPREMOTEIP", "127.0.0.1"},
             {"TCPREMOTEHOST", "localhost"},
             {"TCPREMOTEINFO", "sendmail-bs"}})
        environment.set(name, value);
}

// -f names the author too, not only the envelope's sender.
void name_author(Environment& environment, const std::string& sender)
{
    for (const auto* name : {"QMAILNAME", "MAILNAME", "NAME", "QMAILHOST", "MAILHOST"})
        environment.unset(name);
    const auto at = sender.rfind('@');
    environment.set("QMAILUSER", sender.substr(0, at));
    if (at != std::string::npos) environment.set("QMAILHOST", sender.substr(at + 1));
}

int inject_message(const SendmailOptions& options, Environment environment)
{
    if (options.full_name) environment.set("MAILNAME", *options.full_name);
    if (options.notify) environment.set(notify_variable, *options.notify);
    if (options.ret) environment.set(ret_variable, *options.ret);
    if (options.envelope_id) environment.set(envelope_id_variable, *options.envelope_id);
    const auto path = path_of("qmail-inject");
    std::vector<std::string> words{path, options.recipients_from_header ? "-H" : "-a"};
    if (options.sender) {
        name_author(environment, *options.sender);
        words.insert(words.end(), {"-f", *options.sender});
    }
    words.emplace_back("--");
    words.insert(words.end(), options.recipients.begin(), options.recipients.end());
    if (!has_build_id(path, id_of_qmail_inject)) become_program(words, environment);
    // As exec would leave them.
    default_signals();
    ::close_range(3, ~0u, 0);
    return run_injection(words, environment);
}

int send(const std::vector<std::string>& words)
{
    if (::chdir(home().c_str()) != 0)
        throw Stop{111, "fatal: unable to switch to qmail home directory"};
    row::injector();
    auto environment = Environment::of_process();
    const auto options = read_sendmail_options(words);
    if (!options) {
        log_line(2, options.error().text);
        return 100;
    }
    switch (options->action) {
    case SendmailOptions::Action::inject:
        return inject_message(*options, std::move(environment));
    case SendmailOptions::Action::smtp:
        describe_client(environment);
        become_program({path_of("qmail-smtpd")}, environment);
    case SendmailOptions::Action::print_queue:
        become_program({path_of("qmail-qread")}, environment);
    case SendmailOptions::Action::new_aliases:
        throw Stop{100, "fatal: please use fastforward/newaliases instead"};
    case SendmailOptions::Action::nothing:
        break;
    }
    return 0;
}

}

int main(int count, char** words)
{
    return run("sendmail", [&] { return send(argument_words(count, words)); });
}
