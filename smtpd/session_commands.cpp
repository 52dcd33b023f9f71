// Which command gets which answer, and those that need few words. EHLO, MAIL, RCPT:
// session_mail.cpp.
#include "smtpd/session.hpp"

#include "base/mail/address.hpp"
#include "base/text.hpp"
#include "smtpd/log.hpp"

#include <algorithm>
#include <array>
#include <system_error>

namespace grapnel::smtpd {

namespace {
constexpr std::size_t most_logged_refusals = 20, longest_logged_verb = 10;

// RFC 3207 4: what may be said in the clear where TLS is demanded; BDAT finds that nobody has said
// MAIL, once its octets are read.
bool harmless(std::string_view verb)
{
    constexpr std::array verbs{"HELO", "EHLO", "STARTTLS", "NOOP", "RSET", "HELP", "QUIT", "BDAT"};
    return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

// These say more exactly what is wrong with their arguments.
bool reads_by_itself(std::string_view verb)
{
    constexpr std::array verbs{"MAIL", "RCPT", "BDAT", "AUTH"};
    return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

// RFC 5321 4.1.2.
bool holds_control(std::string_view argument)
{
    return std::any_of(argument.begin(), argument.end(), is_control);
}
}

// The table of the protocol. RFC 5321 4.1.1.
std::span<const Session::Verb> Session::verbs()
{
    static constexpr std::array table{
        Verb{"HELO", &Session::helo, true, true},   Verb{"EHLO", &Session::ehlo, true, true},
        Verb{"LHLO", &Session::lhlo, true, true},   Verb{"MAIL", &Session::mail, true},
        Verb{"RCPT", &Session::rcpt, false},        Verb{"DATA", &Session::data, true},
        Verb{"RSET", &Session::rset, true, true},   Verb{"NOOP", &Session::noop, true, true},
        Verb{"QUIT", &Session::quit, true, true},   Verb{"VRFY", &Session::vrfy, true},
        Verb{"EXPN", &Session::expn, true},         Verb{"HELP", &Session::help, true},
        Verb{"XCLIENT", &Session::xclient, true},   Verb{"XFORWARD", &Session::xforward, true},
        Verb{"SEND", &Session::obsolete, true},     Verb{"SOML", &Session::obsolete, true},
        Verb{"SAML", &Session::obsolete, true},     Verb{"TURN", &Session::obsolete, true},
        Verb{"ETRN", &Session::etrn, true},         Verb{"ATRN", &Session::obsolete, true},
        Verb{"BURL", &Session::obsolete, true},     Verb{"BDAT", &Session::bdat, true, true},
        Verb{"STARTTLS", &Session::starttls, true}, Verb{"AUTH", &Session::auth, true},
    };
    return table;
}

Answer Session::answer_to(const CommandLine& line)
{
    if (line.fault != CommandLine::Fault::none) {
        Answer answer = line_fault(line.fault);
        note_refusal("line", "", answer);
        count_fault(answer);
        return answer;
    }
    return command(split_command(line.text));
}

Answer Session::line_fault(CommandLine::Fault fault) const
{
    if (fault == CommandLine::Fault::bare)
        return Answer(500, "5.5.2",
                      "a line ends in CR LF and holds no other CR, LF or NUL (#5.5.2)")
            .because("bare");
    Answer answer(500, "5.5.2", "line too long (#5.5.2)");
    if (fault == CommandLine::Fault::hopeless)
        answer = Answer(421, "4.7.0", "line too long (#4.7.0)").and_hang_up();
    return answer.because("line length");
}

// What cannot be read is a table of ours, and no reason to hang up without a word.
Answer Session::answer_by(const Verb& verb, std::string_view argument)
{
    try {
        return (this->*verb.handle)(argument);
    } catch (const std::system_error& error) {
        why_closed_ = error.what();
        return Answer(421, "4.3.0", "unable to read controls (#4.3.0)").and_hang_up();
    }
}

Answer Session::command(const Command& command)
{
    const auto all = verbs();
    const auto verb = std::find_if(all.begin(), all.end(), [&](const Verb& candidate) {
        return equal_ignoring_case(candidate.word, command.verb);
    });
    const bool known = verb != all.end() && !(classic() && verb->word == "BDAT");
    if (!known || verb->counts)
        if (auto end = allowance_.command()) return *end;
    Answer answer;
    const auto argument = classic() ? command.argument : trim_right(command.argument);
    // BDAT is heard in any case, since its octets must be read.
    if (barred_ && !(known && (verb->word == "QUIT" || verb->word == "BDAT")))
        answer = Answer(503, "5.5.1", "no mail for you here (#5.5.1)");
    else if (step_ == Step::chunks_refused && known && !verb->ends_transaction)
        answer = Answer(503, "5.5.1", "RSET first (#5.5.1)");
    else if (known && must_start_tls() && !harmless(verb->word))
        answer = Answer(530, "5.7.0", "STARTTLS first (#5.7.0)").because("FORCETLS");
    else if (known && !lax_[Lax::controls] && !reads_by_itself(verb->word) &&
             holds_control(argument))
        answer = Answer(501, "5.5.4", "control characters in the command (#5.5.4)");
    else if (known)
        answer = answer_by(*verb, argument);
    else if (verb != all.end() || classic())
        answer = obsolete(argument);
    else
        answer = Answer(500, "5.5.2", "unrecognized command (#5.5.2)");
    if (answer.positive()) return answer;
    note_refusal(known ? lower(verb->word) : "command", fit_for_log(known, command), answer);
    count_fault(answer);
    return answer;
}

// Behind AUTH, and in the place of a verb where somebody is out of step, may stand a password.
std::string_view Session::fit_for_log(bool known, const Command& command) const
{
    if (!known) return command.verb.substr(0, longest_logged_verb);
    const bool auth = equal_ignoring_case(command.verb, "AUTH");
    return auth ? command.argument.substr(0, command.argument.find(' ')) : command.argument;
}

// Recipients that are refused cost a client nothing: they do not fill our disk with log lines.
void Session::note_refusal(std::string_view what, std::string_view argument, const Answer& answer)
{
    if (++refusals_ <= most_logged_refusals)
        log::refused(around_.name, around_.peer, what, argument, answer);
}

// At the end of a transaction and of the session.
void Session::sum_refusals()
{
    if (refusals_ > most_logged_refusals)
        log::more_refused(around_.name, around_.peer, refusals_ - most_logged_refusals);
    refusals_ = 0;
}

// Only what a client does wrong counts, not what our policy refuses.
void Session::count_fault(Answer& answer)
{
    const bool fault = (answer.code >= 500 && answer.code <= 504) || answer.code == 555;
    if (!fault || answer.hang_up) return;
    auto end = allowance_.fault();
    if (!end) return;
    answer = std::move(*end);
    why_closed_ = "too many errors";
}

Answer Session::rset(std::string_view argument)
{
    if (!argument.empty() && !classic())
        return Answer(501, "5.5.4", "RSET takes no argument (#5.5.4)");
    forget_programs();
    forget_transaction();
    return Answer(250, "2.0.0", "flushed");
}

Answer Session::noop(std::string_view) { return Answer(250, "2.0.0", "ok"); }

Answer Session::quit(std::string_view argument)
{
    if (!argument.empty() && !classic())
        return Answer(501, "5.5.4", "QUIT takes no argument (#5.5.4)");
    quit_ = true;
    why_closed_ = "quit";
    return Answer(221, "2.0.0", config().greeting).and_hang_up();
}

Answer Session::vrfy(std::string_view argument)
{
    if (argument.empty() && !classic())
        return Answer(501, "5.5.4", "VRFY needs an argument (#5.5.4)");
    if (auto known = verified(argument)) return *known;
    return Answer(252, "2.5.2", "send some mail, i'll try my best");
}

// nullopt: we cannot say, or will not to him. RFC 5321 3.5.3: 250 is only for what is known.
std::optional<Answer> Session::verified(std::string_view argument) const
{
    if (classic() || !offered_.has(Extension::vrfy)) return std::nullopt;
    const bool told = config().vrfy == Vrfy::always ||
                      (config().vrfy == Vrfy::trusted && around_.peer.may_relay());
    if (!told) return std::nullopt;
    auto rules = recipient_rules();
    const auto blank = argument.rfind(' ');
    if (blank != std::string_view::npos &&
        equal_ignoring_case(argument.substr(blank + 1), "SMTPUTF8")) {
        rules.utf8 = offered_.has(Extension::smtputf8);
        argument = trim_right(argument.substr(0, blank));
    }
    if (argument.starts_with('<') && argument.ends_with('>'))
        argument = argument.substr(1, argument.size() - 2);
    Path path;
    if (parse_mailbox(argument, rules, path) != Fault::none) return std::nullopt;
    const auto address = policy_.localized(path);
    switch (policy_.exists(address)) {
    case Policy::Existence::yes:
        return Answer(250, "2.1.5", '<' + quote_address(address) + '>');
    case Policy::Existence::no:
        return Answer(550, "5.1.1", "sorry, no mailbox here by that name (#5.1.1)");
    default:
        return std::nullopt;
    }
}

// Who gets what is sent to an address stands in its user's .qmail file, which is not for us to
// read: neither that it is a list nor that it is none can be said.
Answer Session::expn(std::string_view)
{
    if (lax_[Lax::expn502]) return Answer(502, "5.5.1", "unimplemented (#5.5.1)");
    return Answer(252, "2.5.2", "lists are not shown; send some mail, i'll try my best");
}

Answer Session::help(std::string_view)
{
    if (classic()) return Answer(214, "", "notqmail home page: https://notqmail.org");
    if (!offered_.has(Extension::help)) return Answer(502, "5.5.1", "unimplemented (#5.5.1)");
    return Answer(214, "2.0.0", "RFC 5321; for people: postmaster");
}

Answer Session::obsolete(std::string_view)
{
    return Answer(502, "5.5.1", "unimplemented (#5.5.1)");
}

}
