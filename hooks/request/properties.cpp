#include "hooks/request/properties.hpp"

#include "hooks/request/request.hpp"
#include "hooks/values/utc_date.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>

#include <array>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

json::value text(std::string_view text) { return json::string(text); }

json::value text_or_null(const std::optional<std::string>& text)
{
    return text ? json::value(json::string(*text)) : nullptr;
}

json::value date_or_null(const std::optional<std::int64_t>& seconds)
{
    constexpr std::int64_t latest = INT64_MAX / 1000;
    return seconds ? text(utc_date(std::min(*seconds, latest) * 1000)) : nullptr;
}

json::value number_or_null(const std::optional<std::uint64_t>& number)
{
    return number ? json::value(*number) : nullptr;
}

json::value response(const std::optional<Response>& response)
{
    if (!response) return nullptr;
    return json::object{{"code", response->code},
                        {"enhancedCode", text_or_null(response->enhanced)},
                        {"message", text(response->message)}};
}

json::object address(json::value address, const EsmtpParameters& parameters)
{
    json::object members;
    for (const auto& [keyword, value] : parameters) members.emplace(keyword, text(value));
    return {{"address", std::move(address)}, {"parameters", std::move(members)}};
}

json::object recipient(const Recipient& recipient)
{
    auto object = address(text(recipient.address), recipient.parameters);
    if (const auto& delivery = recipient.delivery) {   // mta-hooks 13.2
        object.emplace("status", text(name(delivery->status)));
        object.emplace("attempt", delivery->attempt);
        object.emplace("lastResponse", response(delivery->last_response));
        object.emplace("nextAttemptAt", date_or_null(delivery->next_attempt_at));
        object.emplace("nextDsnAt", date_or_null(delivery->next_dsn_at));
        object.emplace("queueName", text_or_null(delivery->queue_name));
    }
    return object;
}

json::value envelope(const Facts& facts)
{
    if (!facts.envelope) return nullptr;
    const auto& from = facts.envelope->from;
    json::array to;
    for (const auto& one : facts.envelope->to) to.push_back(recipient(one));
    // The null reverse-path is null, never "" (7.2).
    return json::object{
        {"from", address(from.address.empty() ? nullptr : text(from.address), from.parameters)},
        {"to", std::move(to)}};
}

json::value queue(const Facts& facts)
{
    if (!facts.queue) return nullptr;
    json::object object{{"id", text(facts.queue->id)}};
    if (direction(facts.stage) == Direction::outbound) {
        object.emplace("expiresAt", date_or_null(facts.queue->expires_at));
        object.emplace("attempts", facts.queue->attempts);
    }
    return object;
}

json::value server(const Facts& facts)
{
    if (facts.server == ServerFacts{}) return nullptr;
    return json::object{{"name", text(facts.server.name)},
                        {"ip", text(facts.server.ip)},
                        {"port", facts.server.port}};
}

json::value client(const Facts& facts)
{
    if (!facts.client) return nullptr;
    return json::object{{"ip", text(facts.client->ip)},
                        {"port", facts.client->port},
                        {"ptr", text_or_null(facts.client->ptr)},
                        {"ehlo", text(facts.client->ehlo)},
                        {"asn", nullptr},
                        {"country", nullptr},
                        {"activeConnections", number_or_null(facts.client->active_connections)}};
}

json::value tls(const Facts& facts)
{
    if (!facts.tls) return nullptr;
    return json::object{{"version", text(facts.tls->version)},
                        {"cipher", text(facts.tls->cipher)},
                        {"cipherBits", facts.tls->cipher_bits},
                        {"certIssuer", text_or_null(facts.tls->cert_issuer)},
                        {"certSubject", text_or_null(facts.tls->cert_subject)}};
}

json::value auth(const Facts& facts)
{
    if (!facts.auth) return nullptr;
    return json::object{{"login", text(facts.auth->login)}, {"method", text(facts.auth->method)}};
}

json::value sender_auth(const Facts& facts)
{
    const auto& found = facts.sender_auth;
    if (!found || *found == SenderAuthFacts{}) return nullptr;   // C34
    return json::object{{"spf-ehlo", text_or_null(found->spf_ehlo)},
                        {"spf-mail", text_or_null(found->spf_mail)},
                        {"dkim", text_or_null(found->dkim)},
                        {"arc", text_or_null(found->arc)},
                        {"dmarc", text_or_null(found->dmarc)}};
}

// The order is that of the request.
constexpr std::array<Property, 14> table{{
    {.name = "stage",
     .always = true,
     .of = [](const Facts& facts) { return text(name(facts.stage)); }},
    {.name = "action",
     .always = true,
     .of = [](const Facts& facts) { return text(name(facts.action)); }},
    {.name = "timestamp",
     .always = true,
     .of = [](const Facts& facts) { return text(utc_date(facts.timestamp)); }},
    {.name = "protocol",
     .always = true,
     .nullable = true,
     .of = [](const Facts&) -> json::value {
         return json::object{{"version", "1.0"}};
     }},
    {.name = "response",
     .outbound = false,
     .always = true,
     .nullable = true,
     .of = [](const Facts& facts) { return response(facts.response); }},
    {.name = "queue", .nullable = true, .of = queue},
    {.name = "server", .nullable = true, .of = server},
    {.name = "client", .outbound = false, .nullable = true, .of = client},
    {.name = "tls", .outbound = false, .nullable = true, .of = tls},
    {.name = "auth", .outbound = false, .nullable = true, .of = auth},
    {.name = "senderAuth", .outbound = false, .nullable = true, .of = sender_auth},
    {.name = "envelope", .of = envelope},
    {.name = "message", .nullable = true, .source = PropertySource::message},
    {.name = "rawMessage", .nullable = true, .source = PropertySource::raw_message},
}};

}

std::span<const Property> properties() { return table; }

std::vector<Pointer> all_properties(Direction direction)
{
    std::vector<Pointer> all;
    for (const auto& property : table)
        if (property.is_for(direction))
            all.push_back(Pointer::parse("/" + std::string(property.name)).value());
    return all;
}

json::object small_document(const Facts& facts)
{
    json::object document;
    for (const auto& property : table) {
        if (!property.is_for(direction(facts.stage)) || property.of == nullptr) continue;
        auto value = property.of(facts);
        if (value.is_null() && !property.nullable) continue;
        document.emplace(property.name, std::move(value));
    }
    return document;
}

}
