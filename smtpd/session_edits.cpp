// What scanners change in the envelope. They were told our rules, and qmail-hookd holds them to
// these; here it is made sure that nothing else gets into the queue.
#include "smtpd/session.hpp"

#include "hooks/envelope_records.hpp"
#include "queue/async_submission.hpp"

#include <algorithm>
#include <unordered_map>

namespace grapnel::smtpd {

using hooks::Stage;

bool Session::take_edits(Stage stage, const hooks::Decision& decision)
{
    const bool of_sender = stage == Stage::mail || stage == Stage::data;
    if (of_sender && decision.from && !take_sender(*decision.from)) return false;
    if (!decision.to) return true;
    if (stage == Stage::rcpt) return take_last_recipient(*decision.to);
    return stage != Stage::data || take_recipients(*decision.to);
}

bool Session::take_sender(const hooks::Sender& sender)
{
    Path path;
    const bool readable = sender.address.empty() || sender.address == shown_.from.address ||
                          parse_mailbox(sender.address, sender_rules(), path) == Fault::none;
    if (!readable) return false;
    if (sender.address != shown_.from.address) sender_ = policy_.localized(path);
    shown_.from = sender;
    return true;
}

// Who was there before stays as he stands in the queue's form.
bool Session::take_recipients(const std::vector<hooks::Recipient>& recipients)
{
    if (recipients.size() > std::max(most_recipients(), recipients_.size())) return false;
    std::unordered_map<std::string_view, std::size_t> before;
    for (std::size_t i = 0; i < shown_.to.size(); ++i) before.emplace(shown_.to[i].address, i);
    std::vector<std::string> stored;
    for (const auto& recipient : recipients) {
        if (const auto found = before.find(recipient.address); found != before.end()) {
            stored.push_back(recipients_[found->second]);
            continue;
        }
        Path path;
        if (may_add(recipient.address) == hooks::MayAdd::no) return false;
        if (parse_mailbox(recipient.address, recipient_rules(), path) != Fault::none) return false;
        stored.push_back(policy_.localized(path) + around_.peer.relay_client.value_or(""));
    }
    recipients_ = std::move(stored);
    shown_.to = recipients;
    first_recipient_ = recipients.empty() ? "" : recipients.front().address;
    return true;
}

// At RCPT only the one in question may be another, or go.
bool Session::take_last_recipient(const std::vector<hooks::Recipient>& recipients)
{
    if (recipients.size() + 1 == shown_.to.size()) {
        drop_last_recipient();
        return true;
    }
    return recipients.size() == shown_.to.size() && take_recipients(recipients);
}

void Session::drop_last_recipient()
{
    recipients_.pop_back();
    shown_.to.pop_back();
    ++dropped_;
}

// Parameters that the queue carries on.
void Session::record_wishes(Envelope& envelope) const
{
    hooks::set_records(envelope.extensions.message, shown_.from.parameters);
    envelope.extensions.recipients.clear();
    for (std::size_t i = 0; i < shown_.to.size(); ++i) {
        grapnel::Extensions records;
        hooks::set_records(records, shown_.to[i].parameters);
        if (!records.empty()) envelope.extensions.recipients[i] = std::move(records);
    }
}

}
