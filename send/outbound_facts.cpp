#include "send/outbound_facts.hpp"

#include "send/reply_of.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace grapnel::send {

namespace {

using hooks::DeliveryStatus;
constexpr std::size_t most_named = 1000;
using Keywords = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Where the record only says that the keyword was there, the parameter has no value.
hooks::EsmtpParameters parameters(const Extensions& records, Keywords with_value,
                                  Keywords without_value = {})
{
    hooks::EsmtpParameters found;
    for (const auto& [name, keyword] : with_value)
        if (const auto* value = records.find(name)) found.emplace_back(keyword, *value);
    for (const auto& [name, keyword] : without_value)
        if (records.find(name)) found.emplace_back(keyword, "");
    return found;
}

hooks::Sender sender_facts(const queue::Info& info, std::string_view address)
{
    return {std::string(address),
            parameters(info.message,
                       {{"body", "BODY"},
                        {"ret", "RET"},
                        {"envid", "ENVID"},
                        {"auth", "AUTH"},
                        {"mtrk", "MTRK"}},
                       {{"smtputf8", "SMTPUTF8"}, {"requiretls", "REQUIRETLS"}})};
}

hooks::EsmtpParameters recipient_parameters(const Extensions& records)
{
    return parameters(records, {{"notify", "NOTIFY"}, {"orcpt", "ORCPT"}, {"rrvs", "RRVS"}});
}

std::string queue_name(queue::Channel channel)
{
    return channel == queue::Channel::local ? "local" : "remote";
}

hooks::Facts common(hooks::Stage stage, queue::MessageNumber n, const MessageInfo& info,
                    std::string_view sender, const Config& config, std::int64_t milliseconds)
{
    hooks::Facts facts;
    facts.stage = stage;
    facts.action = hooks::Action::proceed;
    facts.timestamp = milliseconds;
    facts.envelope = hooks::EnvelopeFacts{sender_facts(info, sender), {}};
    const auto* id = info.message.find("id");
    const auto expires = end_of_life(info, info.birth, config.lifetime);
    facts.queue = hooks::QueueFacts{id ? *id : std::to_string(n) + '.' + std::to_string(info.birth),
                                    expires, attempts(info)};
    facts.server = config.server;
    facts.smtputf8 = info.message.find("smtputf8") != nullptr;
    facts.message_limit = config.message_limit;
    return facts;
}

std::optional<std::int64_t> known_time(const std::optional<std::int64_t>& time)
{
    return time && *time != never ? time : std::nullopt;
}

// Who the paragraph is about; several may have the same address.
std::optional<queue::Position> position_of(const queue::Info& info, const std::string& address,
                                           std::set<queue::Position>& taken)
{
    for (const auto& [position, records] : info.recipients) {
        const auto* failed = records.find("failed");
        if (failed && *failed == address && taken.insert(position).second) return position;
    }
    return std::nullopt;
}

}

hooks::Facts delivery_facts(hooks::Stage stage, queue::MessageNumber n, const MessageInfo& info,
                            const std::string& sender, const Reported& recipient,
                            const Config& config, std::int64_t milliseconds)
{
    auto facts = common(stage, n, info, sender, config, milliseconds);
    const auto& [position, address, state, standing] = recipient;
    hooks::DeliveryFacts delivery;
    delivery.status = standing.status;
    delivery.attempt = state.attempts;
    delivery.last_response = state.last;
    if (standing.status == DeliveryStatus::deferred)
        delivery.next_attempt_at = standing.next_attempt;
    delivery.next_dsn_at = known_time(standing.next_dsn);
    delivery.queue_name = queue_name(position.channel);
    const auto records = info.recipients.find(position);
    facts.envelope->to.push_back({address,
                                  records == info.recipients.end()
                                      ? hooks::EsmtpParameters{}
                                      : recipient_parameters(records->second),
                                  std::move(delivery)});
    facts.queue->attempts = std::max(facts.queue->attempts, state.attempts);
    return facts;
}

hooks::Facts notice_facts(queue::MessageNumber n, const MessageInfo& info,
                          const std::vector<FailureParagraph>& failures, const Config& config,
                          std::int64_t milliseconds)
{
    auto facts =
        common(hooks::Stage::dsn, n, info, without_verp_mark(info.sender), config, milliseconds);
    std::set<queue::Position> taken;
    for (const auto& failure : failures) {
        hooks::Recipient recipient{failure.recipient, {}, {}};
        hooks::DeliveryFacts delivery;
        delivery.status = DeliveryStatus::failed;
        delivery.last_response = reply_of('D', failure.report);
        if (const auto position = position_of(info, failure.recipient, taken)) {
            const auto& records = info.recipients.at(*position);
            const auto state = read_state(records);
            recipient.parameters = recipient_parameters(records);
            delivery.attempt = state.attempts;
            delivery.queue_name = queue_name(position->channel);
            if (state.last) delivery.last_response = state.last;
        }
        recipient.delivery = std::move(delivery);
        facts.envelope->to.push_back(std::move(recipient));
    }
    return facts;
}

hooks::Facts notice_facts(queue::MessageNumber n, const MessageInfo& info,
                          const std::vector<Outcome>& outcomes, const Config& config,
                          std::int64_t milliseconds)
{
    auto facts =
        common(hooks::Stage::dsn, n, info, without_verp_mark(info.sender), config, milliseconds);
    for (std::size_t i = 0; i < std::min(outcomes.size(), most_named); ++i) {
        const auto& outcome = outcomes[i];
        hooks::Recipient recipient{outcome.address, {}, {}};
        hooks::DeliveryFacts delivery;
        delivery.status = outcome.action == Action::delayed ? DeliveryStatus::deferred
                                                            : DeliveryStatus::delivered;
        delivery.last_response = outcome.reply;
        delivery.queue_name = queue_name(outcome.position.channel);
        const auto records = info.recipients.find(outcome.position);
        if (records != info.recipients.end()) {
            recipient.parameters = recipient_parameters(records->second);
            delivery.attempt = read_state(records->second).attempts;
        }
        recipient.delivery = std::move(delivery);
        facts.envelope->to.push_back(std::move(recipient));
    }
    return facts;
}

}
