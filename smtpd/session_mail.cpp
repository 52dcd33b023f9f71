// EHLO, MAIL and RCPT: the envelope, command by command.
#include "smtpd/session.hpp"

#include "base/mail/address.hpp"
#include "base/mail/valid_since.hpp"
#include "base/sys/clock.hpp"
#include "base/text.hpp"
#include "smtpd/client_facts.hpp"
#include "smtpd/incoming_text.hpp"
#include "smtpd/log.hpp"
#include "smtpd/queue_load.hpp"
#include "smtpd/session_programs.hpp"

#include <algorithm>
#include <limits>

namespace grapnel::smtpd {

namespace {
constexpr std::size_t hard_recipient_limit = 50000;

bool is_ascii(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}
}

void Session::forget_transaction()
{
    if (step_ != Step::connected) step_ = Step::greeted;
    sum_refusals();
    id_.clear();
    sender_.clear();
    first_recipient_.clear();
    size_ = 0;
    smallest_limit_ = std::numeric_limits<std::uint64_t>::max();
    utf8_ = binary_ = false;
    priority_.reset();
    wishes_ = {};
    recipient_wishes_.clear();
    text_.reset();
    accepted_ = 0;
    forwarded_.reset();
    check_sender_ = false;
    asked_domain_.clear();
    bad_sender_.reset();
    recipients_ = {};
    if (!around_.hooks) return;
    message_ = {};
    shown_ = {};
    dropped_ = 0;
}

namespace {
Answer other_greeting(const char* words) { return Answer(500, "5.5.1", words); }
}

Answer Session::helo(std::string_view argument)
{
    return is_lmtp() ? other_greeting("LHLO here (#5.5.1)") : greeting_taken(argument, false);
}

Answer Session::ehlo(std::string_view argument)
{
    return is_lmtp() ? other_greeting("LHLO here (#5.5.1)") : greeting_taken(argument, true);
}

Answer Session::lhlo(std::string_view argument)
{
    return is_lmtp() ? greeting_taken(argument, true)
                     : other_greeting("unrecognized command (#5.5.1)");
}

Answer Session::greeting_taken(std::string_view argument, bool extended)
{
    const bool bare = argument.empty() && lax_[Lax::barehelo];
    if (!bare && !classic() && !is_host_name(argument, true))
        return Answer(501, "5.5.4",
                      argument.empty() ? "who are you? (#5.5.4)" : "that is no host name (#5.5.4)");
    if (step_ > Step::greeted) forget_programs();
    step_ = Step::greeted;
    extended_ = extended;
    just_greeted_ = true;
    forget_transaction();
    helo_ = argument;
    log::greeted(around_.name, around_.peer,
                 is_lmtp()  ? "lhlo"
                 : extended ? "ehlo"
                            : "helo",
                 helo_);
    look_at_circumstances();
    Answer answer(250, "", config().greeting);
    if (extended)
        for (auto& line : offer()) answer.lines.push_back(std::move(line));
    ask_at(hooks::Stage::ehlo);
    have_judged(PluginEvent::helo);
    return answer;
}

// Wherever one of these changes the offer does, too: at EHLO, and for parameters.
void Session::look_at_circumstances()
{
    offered_ = extensions_.offered(is_in_tls(), is_authenticated());
    if (!can_start_tls()) offered_.switch_off(Extension::starttls);
    if (around_.hasten_at.empty()) offered_.switch_off(Extension::etrn);
    settle_mechanisms();
}

bool Session::is_in_tls() const { return stream_.tls() != nullptr; }
bool Session::is_authenticated() const { return around_.peer.may_relay(); }

std::vector<std::string> Session::offer() const
{
    if (classic() && offered_.has(Extension::auth))
        return {"PIPELINING", "8BITMIME", "AUTH " + join(auth_.mechanisms, " ")};
    if (classic()) return {"PIPELINING", "8BITMIME"};
    OfferedValues values;
    values.databytes = databytes_;
    values.max_recipients = most_recipients();
    values.max_mail = allowance_.most_transactions();
    values.deliver_by_min = config().deliver_by_min;
    values.hold_max = config().hold_max;
    values.now = SystemClock().now();
    values.mechanisms = auth_.mechanisms;
    auto shown = offered_;
    if (!may_hasten()) shown.switch_off(Extension::etrn);
    auto lines = ehlo_lines(shown, values);
    if (may_xclient_) lines.emplace_back(xclient_offer);
    if (may_xforward_) lines.emplace_back(xforward_offer);
    return lines;
}

std::size_t Session::most_recipients() const
{
    return lax_[Lax::nolimits] ? hard_recipient_limit : config().max_recipients;
}

PathRules Session::sender_rules() const
{
    PathRules rules;
    rules.classic = lax_[Lax::laxpath];
    rules.brackets_optional = around_.peer.may_relay();
    rules.without_domain = completes_addresses() || lax_[Lax::nodomain] ||
                           (around_.peer.may_relay() && !is_submission());
    rules.controls = lax_[Lax::controls];
    rules.underscore = rules.may_be_empty = true;
    rules.utf8 = utf8_;
    return rules;
}

PathRules Session::recipient_rules() const
{
    PathRules rules = sender_rules();
    rules.underscore = around_.peer.may_relay();
    rules.may_be_empty = false;
    rules.may_be_postmaster = true;
    return rules;
}

Answer Session::fault_of_path(Fault fault, bool of_sender) const
{
    const std::string mailbox = of_sender ? "5.1.7" : "5.1.3";
    const auto tagged = [](const std::string& text, const std::string& code) {
        return text + " (#" + code + ')';
    };
    switch (fault) {
    case Fault::too_long:
        if (lax_[Lax::laxpath]) return Answer(555, "5.5.4", "syntax error (#5.5.4)");
        return Answer(501, mailbox, tagged("address too long", mailbox));
    case Fault::domain:
        return Answer(501, "5.1.2", "domain too long (#5.1.2)");
    case Fault::mailbox:
        return Answer(501, mailbox, tagged("that is no address", mailbox));
    case Fault::no_domain:
        return Answer(501, mailbox, tagged("address without a domain", mailbox));
    case Fault::control:
        return Answer(501, mailbox, tagged("control characters in the address", mailbox));
    case Fault::non_ascii:
        return Answer(553, "5.6.7", "address is not ASCII (#5.6.7)");
    case Fault::parameter:
        return Answer(555, "5.5.4", "parameter not recognized (#5.5.4)");
    case Fault::twice:
        return Answer(501, "5.5.4", "parameter given twice (#5.5.4)");
    case Fault::value:
        return Answer(501, "5.5.4", "bad value of a parameter (#5.5.4)");
    case Fault::none:
    case Fault::syntax:
        break;
    }
    return Answer(501, "5.5.4", "syntax error (#5.5.4)");
}

std::optional<Answer> Session::refused_parameters(const Parameters& parameters) const
{
    if (parameters.size && databytes_ > 0 && *parameters.size > databytes_)
        return Answer(552, "5.3.4", "sorry, that message size exceeds my databytes limit (#5.3.4)")
            .because("databytes");
    const auto now = SystemClock().now();
    const auto longest = static_cast<std::time_t>(config().hold_max);
    if ((parameters.hold_for && *parameters.hold_for > config().hold_max) ||
        (parameters.hold_until && *parameters.hold_until - now > longest))
        return Answer(501, "5.5.4", "that is too long to hold a message here (#5.5.4)")
            .because("holdmax");
    const auto& by = parameters.deliver_by;
    if (by && by->mode == 'R' && by->seconds < static_cast<std::int64_t>(config().deliver_by_min))
        return Answer(555, "5.5.4", "that is too soon to deliver a message by (#5.5.4)")
            .because("deliverbymin");
    return std::nullopt;
}

// RFC 6710: who is not known may only ask to wait longer than others.
int Session::granted_priority(const Parameters& parameters) const
{
    const int asked = parameters.priority.value_or(0);
    const auto& clients = config().priority_clients;
    const bool listed = clients.contains(around_.peer.address) ||
                        (auth_.done() && clients.contains_user(auth_.user));
    return asked <= 0 || listed ? asked : 0;
}

// As scanners are shown them; none where they need not mean anything.
hooks::EsmtpParameters Session::given(std::string_view parameters) const
{
    return lax_[Lax::params] ? hooks::EsmtpParameters() : parameters_as_given(parameters);
}

// The queue cannot take it just now.
std::optional<Answer> Session::no_room(std::uint64_t size) const
{
    if (!around_.load || classic()) return std::nullopt;
    return around_.load->refusal(size, SteadyClock::now());
}

Answer Session::mail(std::string_view argument)
{
    if (step_ == Step::connected && !lax_[Lax::nohelo])
        return Answer(503, "5.5.1", "EHLO first (#5.5.1)");
    if (step_ > Step::greeted && !lax_[Lax::remail])
        return Answer(503, "5.5.1", "one sender at a time (#5.5.1)");
    if (auto refusal = auth_missing()) return *refusal;
    Path path;
    auto rules = sender_rules();
    rules.utf8 = false;
    rules.utf8_where_asked = offered_.has(Extension::smtputf8);
    const auto fault = parse_path(argument, "FROM:", rules, path);
    if (fault != Fault::none) return fault_of_path(fault, true);
    Parameters parameters;
    const auto wrong = classic() ? Fault::none
                                 : parse_parameters(path.parameters, ParameterPlace::mail, offered_,
                                                    lax_[Lax::params], parameters);
    if (wrong != Fault::none) return fault_of_path(wrong, true);
    if (auto refusal = refused_parameters(parameters)) return *refusal;
    if (auto refusal = used_up("messages", 1, config().auth.max_messages)) return *refusal;
    const auto size = parameters.size.value_or(0);
    if (auto refusal = no_room(size)) return *refusal;
    if (auto end = allowance_.transaction()) return *end;
    auto forwarded = std::move(forwarded_);   // it came before this
    forget_transaction();
    forwarded_ = std::move(forwarded);
    size_ = size;
    step_ = Step::sender_given;
    id_ = make_uuid7();
    sender_ = completed(policy_.localized(path));
    utf8_ = parameters.smtputf8;
    binary_ = parameters.is_binary();
    const int granted = granted_priority(parameters);
    if (parameters.priority) priority_ = granted;
    if (parameters.auth) parameters.auth = trusted_auth(*parameters.auth);
    check_sender_ = auth_.done() && (config().auth.rights || config().auth.judges_senders);
    record_message(parameters, SystemClock().now(), granted, wishes_);
    bad_sender_ = policy_.bad_sender(sender_);
    log::sender(around_.name, around_.peer, sender_, id_, priority_);
    if (!bad_sender_ && !around_.peer.may_relay()) ask_about_domain(sender_);
    if (around_.hooks) {
        message_ = connection_;
        shown_.from = {std::string(path.mailbox()), given(path.parameters)};
        if (binary_ && lax_[Lax::params]) shown_.from.parameters = {{"BODY", "BINARYMIME"}};
        for (auto& [keyword, value] : shown_.from.parameters)
            if (keyword == "AUTH") value = parameters.auth.value_or("<>");
        ask_at(hooks::Stage::mail);
    }
    have_judged(PluginEvent::mail);
    if (parameters.priority && granted != *parameters.priority)
        return Answer(250, "2.3.6", std::to_string(granted) + " is its priority here");
    return Answer(250, "2.1.0", "ok");
}

Answer Session::rcpt(std::string_view argument)
{
    if (step_ < Step::sender_given) return Answer(503, "5.5.1", "MAIL first (#5.5.1)");
    if (step_ > Step::recipient_given) return Answer(503, "5.5.1", "BDAT has begun (#5.5.1)");
    Path path;
    const auto fault = parse_path(argument, "TO:", recipient_rules(), path);
    if (fault != Fault::none) return fault_of_path(fault, false);
    Parameters parameters;
    parameters.smtputf8 = utf8_;
    const auto wrong = classic() ? Fault::none
                                 : parse_parameters(path.parameters, ParameterPlace::rcpt, offered_,
                                                    lax_[Lax::params], parameters);
    if (wrong != Fault::none) return fault_of_path(wrong, false);
    const std::string address = completed(policy_.localized(path));
    if (auto refusal = refused_recipient(address)) {
        if (has_plugins(PluginEvent::rcpt)) {
            const bool foreign = refusal->why == "rcpthosts";
            programs_->refused.emplace(SessionPrograms::Refused{path, parameters, foreign});
            have_judged(PluginEvent::rcpt);
            return std::move(*refusal);
        }
        return counted(std::move(*refusal));
    }
    Answer answer = take_recipient(path, parameters);
    if (answer.positive()) {
        ask_about_domain(recipients_.back());
        have_judged(PluginEvent::rcpt);
    }
    return answer;
}

// By our own rules.
std::optional<Answer> Session::refused_recipient(const std::string& address) const
{
    const bool postmaster = !classic() && policy_.is_postmaster(address);
    if (bad_sender_ && !postmaster) return *bad_sender_;
    if (auto refusal = policy_.bad_helo(helo_); refusal && !postmaster) return refusal;
    return policy_.recipient(address);
}

Answer Session::take_recipient(const Path& path, const Parameters& parameters)
{
    const std::string address = completed(policy_.localized(path));
    if (recipients_.size() + dropped_ >= most_recipients())
        return Answer(452, "4.5.3", "too many recipients (#4.5.3)").because("maxrcpt");
    if (auto refusal = used_up("recipients", recipients_.size() + 1, config().auth.max_recipients))
        return *refusal;
    if (const auto known = parameters.rrvs ? parse_rrvs(*parameters.rrvs) : std::nullopt)
        if (auto refusal = policy_.owner(address, known->time)) return counted(std::move(*refusal));
    const auto most_bytes = policy_.databytes_of(address);
    if (most_bytes > 0 && size_ > most_bytes)
        return Answer(552, "5.3.4", "sorry, that message is too big for this recipient (#5.3.4)")
            .because("rcptdatabytes");
    if (most_bytes > 0) smallest_limit_ = std::min(smallest_limit_, most_bytes);
    // In the form that lets the message do without SMTPUTF8, where there is one.
    const bool plain = !is_ascii(path.as_given) && is_ascii(address);
    if (recipients_.empty()) first_recipient_ = plain ? quote_address(address) : path.as_given;
    recipients_.push_back(address + around_.peer.relay_client.value_or(""));
    grapnel::Extensions wishes;
    record_recipient(parameters, wishes);
    if (!wishes.empty()) recipient_wishes_[recipients_.size() - 1] = std::move(wishes);
    ++accepted_;
    step_ = Step::recipient_given;
    if (around_.config->tarpit.count > 0 || around_.peer.tarpit_count) slow_down();
    log::recipient(around_.name, around_.peer, recipients_.back());
    if (around_.hooks) {
        shown_.to.push_back({std::string(path.mailbox()), given(path.parameters)});
        ask_at(hooks::Stage::rcpt);
    }
    return Answer(250, "2.1.5", "ok");
}

// Who guesses recipients is not let guess for ever.
Answer Session::counted(Answer refusal)
{
    const auto most = leading_number(around_.peer.bad_recipient_limit.value_or(""))
                          .value_or(config().bad_recipient_limit);
    const bool guess =
        refusal.why == "badrcptto" || refusal.why == "validrcptto" || refusal.why == "ownersince";
    if (!guess || most == 0 || ++bad_recipients_ < most) return refusal;
    why_closed_ = "too many bad recipients";
    return Answer(421, "4.7.0", "too many invalid addresses, goodbye (#4.7.0)")
        .because("brtlimit")
        .and_hang_up();
}

void Session::slow_down()
{
    const auto& peer = around_.peer;
    const auto count =
        leading_number(peer.tarpit_count.value_or("")).value_or(config().tarpit.count);
    if (count == 0 || recipients_.size() <= count) return;
    const auto seconds = leading_number(peer.tarpit_delay.value_or(""));
    tarpit_ = seconds ? std::min(std::chrono::seconds(std::min<std::uint64_t>(*seconds, 86400)),
                                 longest_tarpit_delay)
                      : config().tarpit.delay;
}

Answer Session::data(std::string_view argument)
{
    if (!argument.empty() && !classic())
        return Answer(501, "5.5.4", "DATA takes no argument (#5.5.4)");
    if (step_ < Step::sender_given) return Answer(503, "5.5.1", "MAIL first (#5.5.1)");
    if (step_ > Step::recipient_given) return Answer(503, "5.5.1", "BDAT has begun (#5.5.1)");
    if (binary_) return Answer(503, "5.5.1", "a binary message comes by BDAT (#5.5.1)");
    if (recipients_.empty() && dropped_ == 0)
        return classic() || is_lmtp() ? Answer(503, classic() ? "" : "5.5.1", "RCPT first (#5.5.1)")
                                      : Answer(554, "5.5.1", "no valid recipients (#5.5.1)");
    if (auto refusal = no_room(size_)) return *refusal;
    if (auto refusal = use_up()) return *refusal;
    step_ = Step::text_expected;
    have_judged(PluginEvent::data);
    return Answer(354, "", "go ahead");
}

}
