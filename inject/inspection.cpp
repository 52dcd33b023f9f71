#include "inject/inspection.hpp"

#include "base/mail/address.hpp"
#include "base/sys/clock.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/memory_file.hpp"
#include "base/sys/nameless_file.hpp"
#include "hooks/blocking_client.hpp"
#include "hooks/envelope_records.hpp"
#include "hooks/injection.hpp"

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

namespace grapnel::inject {

namespace {

using hooks::Action;

constexpr std::size_t longest_text = 450;
constexpr std::size_t most_in_memory = 65536;

hooks::Facts facts_of(const Envelope& envelope, const std::string& id, const std::string& me)
{
    hooks::Facts facts;
    facts.stage = hooks::Stage::data;
    facts.timestamp = unix_milliseconds();
    facts.response = hooks::Response{250, "2.0.0", "ok id " + id};
    facts.queue.emplace().id = id;
    facts.server = {me, "127.0.0.1", 0};
    facts.may_relay = true;
    facts.message_limit = hooks::injection_limit(Control("control"));
    auto& shown = facts.envelope.emplace();
    shown.from = {quote_address(envelope.sender),
                  hooks::parameters_of(envelope.extensions.message)};
    for (std::size_t i = 0; i < envelope.recipients.size(); ++i) {
        auto& to = shown.to.emplace_back();
        to.address = quote_address(envelope.recipients[i]);
        const auto records = envelope.extensions.recipients.find(i);
        if (records != envelope.extensions.recipients.end())
            to.parameters = hooks::parameters_of(records->second);
    }
    return facts;
}

Failure refusal_of(const hooks::Decision& decision)
{
    const auto response = decision.response.value_or(hooks::Response{550, "5.7.1", ""});
    auto text = printable(response.message, longest_text);
    if (text.empty()) text = "Rejected by policy";
    if (response.enhanced) text += " (#" + printable(*response.enhanced, 20) + ')';
    return response.code < 500 ? temporary(std::move(text)) : permanent(std::move(text));
}

std::string held_by(const hooks::Decision& decision)
{
    std::string by = (decision.scanner.empty() ? "-" : decision.scanner) + '/' + decision.reason;
    return by.substr(0, longest_extension_value);
}

void take_edits(const hooks::Decision& decision, Envelope& envelope)
{
    if (decision.from) {
        envelope.sender = unquote(decision.from->address);
        hooks::set_records(envelope.extensions.message, decision.from->parameters);
    }
    if (!decision.to) return;
    envelope.recipients.clear();
    envelope.extensions.recipients.clear();
    for (const auto& to : *decision.to) {
        Extensions records;
        hooks::set_records(records, to.parameters);
        if (!records.empty())
            envelope.extensions.recipients[envelope.recipients.size()] = std::move(records);
        envelope.recipients.push_back(unquote(to.address));
    }
}

// A user may send to whom he likes.
hooks::MayAdd anybody(std::string_view) { return hooks::MayAdd::yes; }

}

bool is_inspected()
{
    const Control control("control");
    return hooks::injection_limit(control) > 0 &&
           hooks::read_subscriptions(control.directory()).wants(hooks::Stage::data);
}

Inspection::Inspection(std::vector<std::string> temporary)
    : temporary_(std::move(temporary)), limit_(hooks::injection_limit(Control("control")))
{
}

void Inspection::begin_file()
{
    for (std::size_t n = 0; !file_; ++n) {
        try {
            file_ = make_nameless_file(temporary_.at(n));
        } catch (const std::system_error&) {
            if (n + 1 == temporary_.size()) throw;
        }
    }
    write_all(file_.get(), held_, "file of the message");
    held_ = {};
}

void Inspection::write(std::string_view bytes)
{
    if (bytes.size() > limit_ - size_) throw_error(EFBIG, "the message is too long");
    size_ += bytes.size();
    if (!file_ && size_ > most_in_memory) begin_file();
    if (file_)
        write_all(file_.get(), bytes, "file of the message");
    else
        held_ += bytes;
}

Result<Inspection::Outcome> Inspection::finish(Envelope envelope)
{
    Fd message = file_ ? std::move(file_) : sealed_file(held_);
    const Control control("control");
    const auto id = make_uuid7();
    const auto facts = facts_of(envelope, id, control.line_or_me("me", "localhost"));
    auto decision = hooks::ask_and_wait(home(), hooks::read_subscriptions(control.directory()),
                                        facts, message.get(), anybody);
    if (decision.action == Action::reject || decision.action == Action::disconnect)
        return refusal_of(decision);
    envelope.extensions.message.set("id", id);
    take_edits(decision, envelope);
    if (decision.action == Action::quarantine)
        envelope.extensions.message.set("held", held_by(decision));
    Outcome outcome{decision.action == Action::discard || envelope.recipients.empty(),
                    std::move(envelope)};
    outcome.size = decision.message ? decision.size : size_;
    outcome.message = decision.message ? std::move(decision.message) : std::move(message);
    return outcome;
}

}
