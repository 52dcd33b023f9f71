#include "hooks/filter/filter_condition.hpp"

#include "hooks/filter/text_match.hpp"
#include "hooks/values/typed_value.hpp"

#include <algorithm>
#include <array>

namespace grapnel::hooks {

namespace {

namespace json = boost::json;

using Texts = std::vector<std::string>;

Texts folded(const Texts& texts)
{
    Texts result;
    for (const auto& text : texts) result.push_back(fold_case(text));
    return result;
}

bool contains(const Texts& texts, std::string_view wanted)
{
    return std::any_of(texts.begin(), texts.end(), [wanted](const std::string& text) {
        return text.find(wanted) != std::string::npos;
    });
}

std::string wanted(const json::value& value) { return fold_case(as_text(value).value_or("")); }

bool is_text(const json::value& value) { return value.is_string(); }
bool is_flag(const json::value& value) { return value.is_bool(); }
bool is_count(const json::value& value) { return as_integer(value).value_or(-1) >= 0; }
bool is_header(const json::value& value)
{
    const auto* const parts = value.if_array();
    return parts && (parts->size() == 1 || parts->size() == 2) &&
           std::all_of(parts->begin(), parts->end(), is_text);
}

bool sender_matches(const json::value& value, FilterSubject& subject)
{
    const auto& envelope = subject.facts().envelope;
    return envelope && matches_pattern(wanted(value), fold_case(envelope->from.address));
}

// At rcpt only the recipient under decision, who is the last.
bool recipient_matches(const json::value& value, FilterSubject& subject)
{
    const auto& envelope = subject.facts().envelope;
    if (!envelope || envelope->to.empty()) return false;
    const bool last_only = subject.stage() == Stage::rcpt;
    const auto pattern = wanted(value);
    return std::any_of(last_only ? envelope->to.end() - 1 : envelope->to.begin(),
                       envelope->to.end(), [&pattern](const Recipient& recipient) {
                           return matches_pattern(pattern, fold_case(recipient.address));
                       });
}

bool field_holds(std::string_view name, const json::value& value, FilterSubject& subject)
{
    return contains(subject.fields(name), wanted(value));
}

bool addresses_hold(std::string_view name, const json::value& value, FilterSubject& subject)
{
    const auto pattern = wanted(value);
    if (pattern.find('*') == std::string::npos) return field_holds(name, value, subject);
    const auto& addresses = subject.addresses(name);
    return std::any_of(addresses.begin(), addresses.end(), [&pattern](const std::string& address) {
        return matches_pattern(pattern, address);
    });
}

bool from_holds(const json::value& value, FilterSubject& subject)
{
    return addresses_hold("from", value, subject);
}
bool to_holds(const json::value& value, FilterSubject& subject)
{
    return addresses_hold("to", value, subject);
}
bool cc_holds(const json::value& value, FilterSubject& subject)
{
    return addresses_hold("cc", value, subject);
}
bool bcc_holds(const json::value& value, FilterSubject& subject)
{
    return addresses_hold("bcc", value, subject);
}
bool subject_holds(const json::value& value, FilterSubject& subject)
{
    return field_holds("subject", value, subject);
}
bool body_holds(const json::value& value, FilterSubject& subject)
{
    return contains(subject.body(), wanted(value));
}
bool text_holds(const json::value& value, FilterSubject& subject)
{
    return from_holds(value, subject) || to_holds(value, subject) || cc_holds(value, subject) ||
           bcc_holds(value, subject) || subject_holds(value, subject) || body_holds(value, subject);
}

bool header_holds(const json::value& value, FilterSubject& subject)
{
    const auto& parts = value.get_array();
    const auto& fields = subject.fields(as_text(parts[0]).value_or(""));
    return parts.size() == 1 ? !fields.empty() : contains(fields, wanted(parts[1]));
}

bool is_as_large(const json::value& value, FilterSubject& subject)
{
    const auto size = static_cast<std::uint64_t>(as_integer(value).value_or(0));
    return subject.message() && subject.message()->size() >= size;
}
bool is_smaller(const json::value& value, FilterSubject& subject)
{
    const auto size = static_cast<std::uint64_t>(as_integer(value).value_or(0));
    return subject.message() && subject.message()->size() < size;
}
bool attachment_is(const json::value& value, FilterSubject& subject)
{
    return subject.message() && subject.message()->has_attachment() == value.get_bool();
}

constexpr Stages at_data{Stage::data};
constexpr Stages with_sender{Stage::mail,     Stage::rcpt,  Stage::data,
                             Stage::delivery, Stage::defer, Stage::dsn};
constexpr Stages with_recipients{Stage::rcpt, Stage::data, Stage::delivery, Stage::defer,
                                 Stage::dsn};

constexpr std::array conditions{
    FilterCondition{"envelopeFrom", with_sender, is_text, sender_matches},
    FilterCondition{"envelopeTo", with_recipients, is_text, recipient_matches},
    FilterCondition{"from", at_data, is_text, from_holds},
    FilterCondition{"to", at_data, is_text, to_holds},
    FilterCondition{"cc", at_data, is_text, cc_holds},
    FilterCondition{"bcc", at_data, is_text, bcc_holds},
    FilterCondition{"subject", at_data, is_text, subject_holds},
    FilterCondition{"text", at_data, is_text, text_holds},
    FilterCondition{"body", at_data, is_text, body_holds},
    FilterCondition{"header", at_data, is_header, header_holds},
    FilterCondition{"minSize", at_data, is_count, is_as_large},
    FilterCondition{"maxSize", at_data, is_count, is_smaller},
    FilterCondition{"hasAttachment", at_data, is_flag, attachment_is},
};

}

const Texts& FilterSubject::fields(std::string_view name)
{
    auto key = fold_case(name);
    const auto known = fields_.find(key);
    if (known != fields_.end()) return known->second;
    auto texts = message_ ? folded(message_->field_texts(name)) : Texts();
    return fields_.emplace(std::move(key), std::move(texts)).first->second;
}

const Texts& FilterSubject::body()
{
    if (!body_) body_ = message_ ? folded(message_->body_texts()) : Texts();
    return *body_;
}

const Texts& FilterSubject::addresses(std::string_view name)
{
    const auto known = addresses_.find(name);
    if (known != addresses_.end()) return known->second;
    Texts texts;
    const auto pointer = Pointer::parse("/" + std::string(name));
    const auto view = message_ && pointer ? message_->properties({*pointer}) : json::object();
    const auto* const list = view.if_contains(name);
    if (list && list->is_array())
        for (const auto& entry : list->get_array()) {
            const auto* const address =
                entry.is_object() ? entry.get_object().if_contains("email") : nullptr;
            if (address) texts.push_back(fold_case(as_text(*address).value_or("")));
        }
    return addresses_.emplace(name, std::move(texts)).first->second;
}

const FilterCondition* filter_condition(std::string_view name)
{
    const auto found =
        std::find_if(conditions.begin(), conditions.end(),
                     [name](const FilterCondition& condition) { return condition.name == name; });
    return found == conditions.end() ? nullptr : &*found;
}

}
