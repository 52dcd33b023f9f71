#include "hooks/registration/registration_file.hpp"

#include "base/hexadecimal.hpp"
#include "base/net/digest.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"
#include "hooks/values/members.hpp"
#include "hooks/values/utc_date.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <fcntl.h>

#include <system_error>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

constexpr std::size_t largest = 1U << 20U;

json::array texts(const std::vector<Pointer>& pointers)
{
    json::array array;
    for (const auto& pointer : pointers) array.emplace_back(pointer.text());
    return array;
}

std::vector<Pointer> pointers(const Members& members, std::string_view member)
{
    std::vector<Pointer> list;
    for (const auto& text : members.texts(member)) {
        auto pointer = Pointer::parse(text);
        if (!pointer) throw BadMember("no pointer");
        list.push_back(std::move(*pointer));
    }
    return list;
}

std::int64_t date(const std::string& text)
{
    const auto date = parse_utc_date(text);
    if (!date) throw BadMember("no date");
    return *date;
}

// A URL of ours: what is no longer one is of no use.
std::string url(const std::string& text)
{
    if (!text.empty() && !net::Url::parse(text)) throw BadMember("no URL");
    return text;
}

void read_agreement(const Members& members, Agreement& agreement)
{
    agreement.id = members.text("id");
    if (!is_registration_id(agreement.id)) throw BadMember("id is malformed");
    agreement.serialization = members.text("serialization") == name(Serialization::cbor)
                                  ? Serialization::cbor
                                  : Serialization::json;
    for (const auto& text : members.texts("stages"))
        if (const auto stage = stage_named(text)) agreement.stages.add(*stage);
    for (const auto& text : members.texts("actions"))
        if (const auto action = action_named(text)) agreement.actions.push_back(*action);
    agreement.inbound = pointers(members, "inbound");
    agreement.outbound = pointers(members, "outbound");
    agreement.may_change = pointers(members, "mayChange");
    agreement.may_change_outbound = pointers(members, "mayChangeOutbound");
    agreement.message_limit = members.number_if_there("messageLimit");
}

}

std::string encode(const KeptRegistration& kept)
{
    const auto& registration = kept.registration;
    const auto& agreement = registration.agreement;
    json::object object;
    object["configuration"] = kept.configuration;
    object["id"] = agreement.id;
    object["serialization"] = json::string_view(name(agreement.serialization));
    auto& stages = object["stages"].emplace_array();
    for (const Stage stage : all_stages)
        if (agreement.stages.has(stage)) stages.emplace_back(json::string_view(name(stage)));
    auto& actions = object["actions"].emplace_array();
    for (const Action action : agreement.actions)
        actions.emplace_back(json::string_view(name(action)));
    object["inbound"] = texts(agreement.inbound);
    object["outbound"] = texts(agreement.outbound);
    object["mayChange"] = texts(agreement.may_change);
    object["mayChangeOutbound"] = texts(agreement.may_change_outbound);
    if (agreement.message_limit) object["messageLimit"] = *agreement.message_limit;
    object["hook"] = registration.hook_url;
    object["deregistration"] = registration.deregistration_url;
    object["status"] = registration.status_url;
    object["registeredAt"] = utc_date(registration.registered_at);
    if (registration.expires_at) object["expiresAt"] = utc_date(*registration.expires_at);
    if (registration.timeout)
        object["timeoutMs"] = static_cast<std::uint64_t>(registration.timeout->count());
    object["suspended"] = registration.suspended ? "yes" : "no";
    return encode(Serialization::json, object) + '\n';
}

std::optional<KeptRegistration> decode_kept(std::string_view text)
{
    const auto value = decode(Serialization::json, text);
    if (!value) return std::nullopt;
    try {
        const Members members(*value, "");
        KeptRegistration kept;
        kept.configuration = members.text("configuration");
        auto& registration = kept.registration;
        read_agreement(members, registration.agreement);
        registration.hook_url = url(members.text("hook"));
        registration.deregistration_url = url(members.text("deregistration"));
        registration.status_url = url(members.text("status"));
        registration.registered_at = date(members.text("registeredAt"));
        if (const auto end = members.text_if_there("expiresAt"))
            registration.expires_at = date(*end);
        if (const auto time = members.number_if_there("timeoutMs"))
            registration.timeout = std::chrono::milliseconds(std::min<std::uint64_t>(*time, 60000));
        registration.suspended = members.text("suspended") == "yes";
        return kept;
    } catch (const BadMember&) {
        return std::nullopt;
    }
}

std::string configuration_digest(const ScannerSettings& settings, const Credentials& credentials,
                                 const RegistrationIdentity& identity)
{
    net::Sha256 sum;
    const auto add = [&](std::string_view text) {
        sum.add(std::to_string(text.size()) + ':');
        sum.add(text);
    };
    const auto add_list = [&](const std::vector<Pointer>& pointers) {
        for (const auto& pointer : pointers) add(pointer.text());
        add("");
    };
    for (const auto& text : {settings.url, settings.register_url, settings.filter, identity.name,
                             identity.version, credentials.token, credentials.hmac_key,
                             credentials.hmac_key_id, credentials.client_cert_file})
        add(text);
    for (const auto& origin : settings.origins) add(origin);
    for (const bool flag : {settings.discovery, settings.disclose_filter,
                            settings.properties.has_value(), settings.actions.has_value()})
        add(flag ? "1" : "0");
    add(std::to_string(static_cast<int>(settings.serialization)));
    for (const Stage stage : all_stages) {
        add(settings.stages.has(stage) ? name(stage) : "");
        add(settings.required.has(stage) ? name(stage) : "");
        const auto& time = settings.timeouts[static_cast<std::size_t>(stage)];
        add(time ? std::to_string(time->count()) : "");
    }
    add_list(settings.properties.value_or(std::vector<Pointer>{}));
    add_list(settings.allow);
    add_list(settings.allow_outbound);
    for (const Action action : settings.actions.value_or(std::vector<Action>{})) add(name(action));
    for (const auto& [key, value] : settings.metadata) {
        add(key);
        add(value);
    }
    return hexadecimal(sum.finish());
}

std::optional<KeptRegistration> read_kept(const std::string& path)
{
    try {
        const auto text = read_file_if_there(path, largest);
        return text ? decode_kept(*text) : std::nullopt;
    } catch (const std::system_error&) {
        return std::nullopt;
    }
}

void write_kept(const std::string& path, const KeptRegistration& kept)
{
    const auto fresh = path + ".new";
    Fd file = open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    write_all(file.get(), encode(kept), fresh);
    file.close_checked(fresh);
    rename_file(fresh, path);
}

}
