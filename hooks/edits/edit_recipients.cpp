#include "hooks/edits/dsn_parameters.hpp"
#include "hooks/edits/edits.hpp"
#include "hooks/edits/given_address.hpp"
#include "hooks/values/mailbox.hpp"

#include <boost/json/array.hpp>

namespace grapnel::hooks {

namespace {

constexpr std::size_t most_added = 1000;   // recipients, by one edit

using Recipients = std::vector<Recipient>;
using Keys = std::unordered_multiset<std::string>;

Keys keys_of(const Recipients& recipients)
{
    Keys keys;
    for (const auto& recipient : recipients) keys.insert(mailbox_key(recipient.address));
    return keys;
}

Keys& present(Draft& draft)
{
    if (!draft.present) draft.present = keys_of(draft.facts.envelope->to);
    return *draft.present;
}

void take_out(Keys& keys, const std::string& key)
{
    if (const auto found = keys.find(key); found != keys.end()) keys.erase(found);
}

// Those whom the client has named stay, however many they are.
bool is_too_many(const Draft& draft, std::size_t count)
{
    const auto limit = draft.facts.recipient_limit;
    return limit > 0 && count > limit && count > draft.facts.envelope->to.size();
}

// C58: syntax, then the policy of RCPT TO.
Result<> check_new(Draft& draft, const std::string& address, const std::string& key)
{
    if (!is_mailbox(address, draft.facts.smtputf8)) return permanent("no mailbox");
    const auto answer = draft.answers.find(key);
    if (answer == draft.answers.end()) {
        draft.questions.push_back(address);
        return permanent("not asked yet");
    }
    if (answer->second == AddAnswer::no) return permanent("not accepted as a recipient");
    if (answer->second == AddAnswer::foreign && !draft.relay_recipients)
        return permanent("would be relayed");
    return {};
}

Result<Recipient> new_recipient(Draft& draft, GivenAddress given, const std::string& key)
{
    Recipient recipient{
        given.address.value_or(""), given.parameters.value_or(EsmtpParameters()), {}};
    const auto fine = check_parameters({}, recipient.parameters, ParameterPlace::recipient);
    if (!fine) return fine.error();
    const auto accepted = check_new(draft, recipient.address, key);
    if (!accepted) return accepted.error();
    return recipient;
}

// One of the old list in a new one.
Result<Recipient> kept_recipient(Recipient old, const GivenAddress& given)
{
    if (!given.parameters) return old;
    const auto fine =
        check_parameters(old.parameters, *given.parameters, ParameterPlace::recipient);
    if (!fine) return fine.error();
    old.parameters = *given.parameters;
    return old;
}

// At rcpt only the last one is under decision (9.2).
Result<std::size_t> index_of(const Draft& draft, const Operation& operation)
{
    const auto index = array_index(operation.path[2]);
    const auto& envelope = draft.facts.envelope;
    if (!envelope || !index || *index >= envelope->to.size()) return permanent("no such recipient");
    const bool current = *index + 1 == envelope->to.size() && !draft.current_deleted;
    if (draft.facts.stage == Stage::rcpt && !current)
        return permanent("not the recipient under decision");
    return *index;
}

}

Result<> add_recipient(Draft& draft, const Operation& operation)
{
    if (!draft.facts.envelope) return permanent("no envelope");
    auto& to = draft.facts.envelope->to;
    const bool to_list = operation.path.size() == 2;   // else before an element, or behind the last
    if (!to_list && operation.index) return permanent("an index, but no array");
    const auto position = to_list ? operation.index.value_or(to.size())
                                  : array_index(operation.path[2]).value_or(to.size());
    if (position > to.size()) return permanent("the index is behind the end");
    auto given = read_address(operation.value);
    if (!given) return given.error();
    const auto key = mailbox_key(given->address.value_or(""));
    if (present(draft).contains(key)) return permanent("a recipient already");
    if (is_too_many(draft, to.size() + 1)) return permanent("too many recipients");
    auto recipient = new_recipient(draft, std::move(*given), key);
    if (!recipient) return recipient.error();
    to.insert(to.begin() + static_cast<std::ptrdiff_t>(position), std::move(*recipient));
    present(draft).insert(key);
    return {};
}

Result<> edit_recipient(Draft& draft, const Operation& operation)
{
    const auto index = index_of(draft, operation);
    if (!index) return index.error();
    auto& recipient = draft.facts.envelope->to[*index];
    auto given = edit_address(recipient.address, recipient.parameters, operation, 3);
    if (!given) return given.error();
    const auto fine =
        check_parameters(recipient.parameters, *given->parameters, ParameterPlace::recipient);
    if (!fine) return fine;
    const auto address = given->address.value_or("");
    const auto old_key = mailbox_key(recipient.address), key = mailbox_key(address);
    if (key != old_key) {
        if (present(draft).contains(key)) return permanent("a recipient already");
        const auto accepted = check_new(draft, address, key);
        if (!accepted) return accepted;
        take_out(present(draft), old_key);
        present(draft).insert(key);
        recipient.address = address;
    }
    recipient.parameters = std::move(*given->parameters);
    return {};
}

Result<> delete_recipient(Draft& draft, const Operation& operation)
{
    const auto index = index_of(draft, operation);
    if (!index) return index.error();
    auto& to = draft.facts.envelope->to;
    take_out(present(draft), mailbox_key(to[*index].address));
    to.erase(to.begin() + static_cast<std::ptrdiff_t>(*index));
    draft.current_deleted = draft.facts.stage == Stage::rcpt;
    return {};
}

// Any entry that is not good fails all of it.
Result<> replace_recipients(Draft& draft, const Operation& operation)
{
    const auto* const list = operation.value.if_array();
    if (!draft.facts.envelope || !list) return permanent("no list of recipients");
    const auto& old = draft.facts.envelope->to;
    if (list->size() > old.size() + most_added) return permanent("too many recipients");
    std::unordered_map<std::string, const Recipient*> known;
    for (const auto& recipient : old) known.emplace(mailbox_key(recipient.address), &recipient);
    Recipients to;
    Keys keys;
    for (const auto& entry : *list) {
        auto given = read_address(entry);
        if (!given) return given.error();
        const auto key = mailbox_key(given->address.value_or(""));
        if (keys.contains(key)) continue;
        const auto before = known.find(key);
        const auto asked = draft.questions.size();
        auto recipient = before == known.end() ? new_recipient(draft, std::move(*given), key)
                                               : kept_recipient(*before->second, *given);
        keys.insert(key);
        if (recipient)
            to.push_back(std::move(*recipient));
        else if (draft.questions.size() == asked)
            return recipient.error();
    }
    if (is_too_many(draft, to.size())) return permanent("too many recipients");
    if (!draft.questions.empty()) return permanent("not asked yet");
    draft.facts.envelope->to = std::move(to);
    draft.present = std::move(keys);
    return {};
}

}
