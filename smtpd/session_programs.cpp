// Plugins and recipient checks: what they are asked before a client hears our answer, and what
// becomes of it. qmail-smtpd(8), "Plugins" and "Recipient checks".
#include "smtpd/session_programs.hpp"

#include "base/mail/address.hpp"
#include "base/net/attended.hpp"
#include "base/sys/log.hpp"
#include "base/text.hpp"
#include "smtpd/log.hpp"
#include "smtpd/program_helper.hpp"
#include "smtpd/session.hpp"

#include <utility>

namespace grapnel::smtpd {

using net::asio::awaitable;
using Verdict = PluginWords::Verdict;

namespace {

constexpr std::size_t most_headers = 16384, most_variables = 100;

awaitable<void> run_into(int helper, ProgramKind kind, std::string program,
                         std::vector<std::string> variables, ProgramResult& result)
{
    result = co_await run_program(helper, kind, std::move(program), std::move(variables));
}

// "550 5.1.1 no": as a plugin says it, whole; without a code 554 is put in front.
Answer answer_of(std::string_view words, std::string why)
{
    const auto text = printable(words, 1000);
    Answer answer(554, "5.7.1", text.empty() ? "refused" : text);
    parse_code_and_text(text, answer);
    return answer.because(std::move(why));
}

Answer failed(std::string_view program, std::string_view what)
{
    return Answer(451, "4.3.0",
                  "qmail-spp failure: " + printable(program, 100) + ": " + std::string(what) +
                      " (#4.3.0)")
        .because("plugin");
}

std::string_view name_of(PluginEvent event)
{
    constexpr std::array<std::string_view, 7> names{"connect", "ehlo", "mail", "rcpt",
                                                    "rcpt",    "data", "auth"};
    return names[static_cast<std::size_t>(event)];
}

}

bool Session::has_plugins(PluginEvent event) const
{
    return programs_ && !programs_->off && !around_.peer.no_plugins &&
           !config().plugins.at(event).empty();
}

bool Session::checks_recipients() const
{
    const auto& peer = around_.peer;
    if (!peer.rcpt_check || peer.rcpt_check->empty()) return false;
    return !peer.may_relay() || leading_number(peer.rcpt_check_relays.value_or("")).value_or(0) > 0;
}

// By a handler whose yes is not the last word.
void Session::have_judged(PluginEvent event)
{
    const bool passes =
        event == PluginEvent::rcpt && (checks_recipients() || has_plugins(PluginEvent::pass));
    if (has_plugins(event) || passes || (programs_ && programs_->later.contains(event)))
        programs_->event = event;
}

std::vector<std::string> Session::plugin_variables() const
{
    auto variables = around_.peer.variables();
    variables.push_back("SMTPHELOHOST=" + helo_);
    if (step_ >= Step::sender_given) variables.push_back("SMTPMAILFROM=" + sender_);
    set_by_plugins(variables);
    return variables;
}

// Added to variables; true: QMAILQUEUE is among them.
bool Session::set_by_plugins(std::vector<std::string>& variables) const
{
    if (!programs_) return false;
    for (const auto& [name, value] : programs_->variables)
        variables.push_back(value ? name + '=' + *value : name);
    const auto queue = programs_->variables.find("QMAILQUEUE");
    return queue != programs_->variables.end() && queue->second;
}

awaitable<ProgramResult> Session::run_judge(ProgramKind kind, std::string program,
                                            std::vector<std::string> variables)
{
    ProgramResult result;
    asking_ = true;
    auto work = run_into(around_.programs, kind, std::move(program), std::move(variables), result);
    co_await net::attended(stream_, std::move(work));
    asking_ = false;
    co_return result;
}

// What is said without a verdict.
void Session::take_words(const PluginWords& words, PluginEvent event)
{
    auto& own = *programs_;
    for (const auto& header : words.headers)
        if (own.headers.size() + header.size() < most_headers) own.headers += header + '\n';
    for (const auto& line : words.printed) output_ += printable(line, 1000) + "\r\n";
    for (const auto& [later_event, message] : words.later) own.later[later_event] = message;
    for (const auto& [entry, is_set] : words.variables) {
        if (own.variables.size() >= most_variables) break;
        const auto equals = entry.find('=');
        if (is_set)
            own.variables[entry.substr(0, equals)] = entry.substr(equals + 1);
        else
            own.variables[entry] = std::nullopt;
    }
    if (words.address && words.address->size() <= longest_address)
        take_address(*words.address, event);
}

// C: as it is, as qmail-spp does: what plugins say was not said by a stranger.
void Session::take_address(const std::string& address, PluginEvent event)
{
    if (event == PluginEvent::mail) {
        sender_ = address;
        if (around_.hooks) shown_.from.address = address;
    } else if (event == PluginEvent::rcpt && programs_->refused) {
        programs_->refused->path.address = programs_->refused->path.as_given = address;
        programs_->refused->path.route = 0;
    } else if (event == PluginEvent::rcpt || event == PluginEvent::pass) {
        recipients_.back() = address + around_.peer.relay_client.value_or("");
        if (around_.hooks) shown_.to.back().address = address;
    }
}

awaitable<Answer> Session::ask_plugin(std::string program, PluginEvent event, Answer ours,
                                      Verdict& verdict)
{
    auto variables = plugin_variables();
    if (event == PluginEvent::auth) {
        variables.push_back("SMTPAUTHMETHOD=" + auth_.asked);
        variables.push_back("SMTPAUTHUSER=" + programs_->user);
    }
    if (event == PluginEvent::rcpt || event == PluginEvent::pass) {
        const auto& own = *programs_;
        variables.push_back("SMTPRCPTTO=" +
                            (own.refused ? own.refused->path.address : recipients_.back()));
        variables.push_back("SMTPRCPTCOUNT=" + std::to_string(own.accepted));
        variables.push_back("SMTPRCPTCOUNTALL=" + std::to_string(own.asked));
        const bool hosts_ok = !own.refused || !own.refused->by_rcpthosts;
        variables.push_back(std::string("SMTPRCPTHOSTSOK=") + (hosts_ok ? "1" : "0"));
    }
    const auto result = co_await run_judge(ProgramKind::plugin, program, std::move(variables));
    verdict = Verdict::no;
    if (result.end == ProgramResult::End::refused || result.code == 120)
        co_return failed(program, "can't execute");
    if (result.end == ProgramResult::End::timeout) co_return failed(program, "timeout");
    if (result.end == ProgramResult::End::crashed) co_return failed(program, "child crashed");
    const auto words = parse_plugin_output(result.output);
    take_words(words, event);
    verdict = words.verdict;
    if (verdict == Verdict::no) co_return answer_of(words.message, "plugin");
    if (verdict == Verdict::reject) co_return answer_of(words.message, "plugin").and_hang_up();
    if (verdict == Verdict::drop) silent_ = closing_ = true;
    co_return ours;
}

// One after the other, until one decides.
awaitable<Answer> Session::ask_plugins(PluginEvent event, Answer ours)
{
    auto& own = *programs_;
    if (const auto found = own.later.find(event); found != own.later.end())
        co_return answer_of(found->second, "plugin");
    if (!has_plugins(event)) co_return ours;
    if (around_.programs < 0)
        co_return Answer(451, "4.3.0", "plugins need a new qmail-smtpd (#4.3.0)").because("plugin");
    if (event == PluginEvent::rcpt) ++own.asked;
    const auto programs = config().plugins.at(event);
    for (const auto& program : programs) {
        Verdict verdict = Verdict::none;
        ours = co_await ask_plugin(program, event, std::move(ours), verdict);
        if (verdict == Verdict::none) continue;
        if (verdict == Verdict::all) own.off = true;
        if (verdict == Verdict::beyond) co_return beyond_our_rules(event, std::move(ours));
        break;
    }
    co_return ours;
}

// O: our own rules do not count.
Answer Session::beyond_our_rules(PluginEvent event, Answer ours)
{
    if (event == PluginEvent::mail) bad_sender_.reset();
    if (event != PluginEvent::rcpt || !programs_->refused) return ours;
    const auto refused = *std::exchange(programs_->refused, std::nullopt);
    return take_recipient(refused.path, refused.parameters);
}

awaitable<Answer> Session::check_recipient(Answer ours)
{
    if (around_.programs < 0)
        co_return Answer(451, "4.3.0", "RCPTCHECK needs a new qmail-smtpd (#4.3.0)")
            .because("rcptcheck");
    auto variables = around_.peer.variables();
    variables.push_back("SENDER=" + sender_);
    variables.push_back("RECIPIENT=" + recipients_.back());
    variables.push_back("HELO=" + helo_);
    variables.emplace_back("USE_FD4=1");
    const auto program = *around_.peer.rcpt_check;
    const auto result = co_await run_judge(ProgramKind::rcpt_check, program, std::move(variables));
    const auto later = [](const char* text) {
        return Answer(421, "4.3.0", text).because("rcptcheck").and_hang_up();
    };
    if (result.end == ProgramResult::End::refused)
        co_return later("unable to execute recipient check (#4.3.0)");
    if (result.end != ProgramResult::End::exited)
        co_return later("unable to verify recipient (#4.3.0)");
    const std::string_view output = result.output;
    const auto words = trim(output.substr(0, output.find('\n')));
    switch (result.code) {
    case 100:
        co_return words.empty()
            ? Answer(550, "5.1.1", "sorry, no mailbox here by that name. (#5.1.1)")
                  .because("rcptcheck")
            : answer_of(words, "rcptcheck");
    case 111:
        co_return later("unable to verify recipient (#4.3.0)");
    case 112:
        co_return drop_recipient_quietly(std::move(ours));
    case 113:
        co_return later("you have exceeded your messaging limits (#4.3.0)");
    case 120:
        co_return later("unable to execute recipient check (#4.3.0)");
    default:
        co_return ours;
    }
}

// He hears our yes, and nobody gets the message.
Answer Session::drop_recipient_quietly(Answer ours)
{
    forget_last_recipient();
    ++dropped_;
    asks_.reset();
    step_ = Step::recipient_given;
    return ours;
}

void Session::forget_last_recipient()
{
    recipients_.pop_back();
    recipient_wishes_.erase(recipients_.size());
    if (around_.hooks) shown_.to.pop_back();
    if (recipients_.empty() && dropped_ == 0) step_ = Step::sender_given;
}

void Session::take_back(PluginEvent event)
{
    asks_.reset();
    if (event == PluginEvent::helo) {
        step_ = Step::connected;
        helo_ = classic() ? around_.peer.host : "";
    } else if (event == PluginEvent::mail) {
        forget_transaction();
    } else if (event == PluginEvent::rcpt) {
        forget_last_recipient();
        --accepted_;
    } else if (event == PluginEvent::data) {
        step_ = recipients_.empty() && dropped_ == 0 ? Step::sender_given : Step::recipient_given;
    }
}

awaitable<Answer> Session::pass_programs(Answer ours)
{
    const auto event = *std::exchange(programs_->event, std::nullopt);
    Answer answer = co_await ask_plugins(event, std::move(ours));
    const bool taken = !programs_->refused;   // by our own rules, or by a plugin beyond them
    programs_->refused.reset();
    if (silent_) {
        why_closed_ = "plugin";
        co_return answer;
    }
    const auto dropped = dropped_;
    if (event == PluginEvent::rcpt && taken && answer.positive() && checks_recipients())
        answer = co_await check_recipient(std::move(answer));
    if (event == PluginEvent::rcpt && answer.positive()) {
        ++programs_->accepted;
        if (dropped_ == dropped)
            answer = co_await ask_plugins(PluginEvent::pass, std::move(answer));
        if (silent_) why_closed_ = "plugin";
        if (silent_) co_return answer;
    }
    if (answer.positive()) co_return answer;
    if (!taken && answer.why != "plugin") co_return answer;   // logged already
    const auto argument = event == PluginEvent::mail            ? sender_
                          : event == PluginEvent::rcpt && taken ? recipients_.back()
                                                                : helo_;
    note_refusal(name_of(event), argument, answer);
    if (answer.hang_up) why_closed_ = answer.why;
    if (taken) take_back(event);
    co_return answer;
}

// A plugin has the last word on who has logged in.
awaitable<Answer> Session::admit_unless_refused(std::string user)
{
    if (has_plugins(PluginEvent::auth)) {
        programs_->user = user;
        Answer answer = co_await ask_plugins(PluginEvent::auth, Answer(235, "2.7.0", "ok"));
        if (silent_) why_closed_ = "plugin";
        if (silent_ || !answer.positive()) co_return answer;
    }
    co_return admit(std::move(user));
}

std::string Session::plugin_headers() const { return programs_ ? programs_->headers : ""; }

void Session::forget_programs()
{
    if (!programs_) return;
    programs_->headers.clear();
    programs_->later.clear();
    programs_->accepted = programs_->asked = 0;
}

}
