#include "hooks/registration/registration.hpp"

#include "base/text.hpp"
#include "hooks/request/request.hpp"
#include "hooks/values/members.hpp"
#include "hooks/values/utc_date.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>

namespace grapnel::hooks {

namespace json = boost::json;

namespace {

constexpr std::array directions{Direction::inbound, Direction::outbound};

bool has_any(Stages stages, Direction of)
{
    return std::any_of(all_stages.begin(), all_stages.end(),
                       [&](Stage stage) { return direction(stage) == of && stages.has(stage); });
}

json::array texts(const std::vector<Pointer>& pointers)
{
    json::array array;
    for (const auto& pointer : pointers) array.emplace_back(pointer.text());
    return array;
}

json::value side(const RegistrationWish& wish, Direction of)
{
    if (!has_any(wish.stages, of)) return nullptr;
    json::object object;
    auto& stages = object["stages"].emplace_array();
    for (const Stage stage : all_stages)
        if (direction(stage) == of && wish.stages.has(stage))
            stages.emplace_back(json::string_view(name(stage)));
    const auto& properties = of == Direction::inbound ? wish.inbound : wish.outbound;
    if (properties)
        object["properties"] = texts(*properties);
    else
        object["properties"] = nullptr;
    return object;
}

std::vector<Action> all_actions()
{
    return {Action::accept,     Action::quarantine, Action::reject, Action::discard,
            Action::disconnect, Action::proceed,    Action::cancel};
}

std::vector<Action> common(const std::vector<Action>& a, const std::vector<Action>& b)
{
    std::vector<Action> both;
    for (const Action action : a)
        if (std::find(b.begin(), b.end(), action) != b.end()) both.push_back(action);
    return both;
}

Result<Serialization> choose(WantedSerialization wanted, const Discovery* discovery)
{
    const auto first =
        wanted == WantedSerialization::cbor ? Serialization::cbor : Serialization::json;
    if (!discovery) return first;
    const auto& offered = discovery->serializations;
    if (std::find(offered.begin(), offered.end(), first) != offered.end()) return first;
    if (wanted == WantedSerialization::automatic) return offered.front();
    return permanent("the scanner does not speak " + std::string(name(first)));
}

// The administrator's list or all there are, as far as the scanner wants it.
std::vector<Pointer> wanted_properties(const ScannerSettings& settings, const Offer& offer,
                                       Direction of)
{
    return intersection(settings.properties.value_or(all_properties(of)), offer.fetch);
}

void meet(RegistrationWish& wish, const ScannerSettings& settings, const Discovery& discovery)
{
    wish.stages = {};
    for (const Stage stage : all_stages) {
        if (!settings.stages.has(stage)) continue;
        const auto& offer = discovery.offer(direction(stage));
        if (offer && offer->stages.has(stage))
            wish.stages.add(stage);
        else
            wish.lacking.emplace_back(name(stage));
    }
    if (const auto& offer = discovery.inbound) {
        wish.inbound = wanted_properties(settings, *offer, Direction::inbound);
        wish.may_change = intersection(settings.allow, offer->update);
    }
    if (const auto& offer = discovery.outbound) {
        wish.outbound = wanted_properties(settings, *offer, Direction::outbound);
        wish.may_change_outbound = intersection(settings.allow_outbound, offer->update);
    }
    wish.actions = common(wish.actions, discovery.actions);
    wish.message_limit = discovery.message_limit;
    wish.timeout = discovery.timeout;
    wish.deregistration = discovery.deregistration;
}

// A URL of the answer; "" where it is absent.
std::string place(const Members& members, std::string_view member, const RegistrationWish& wish,
                  const Origins& origins)
{
    const auto reference = members.text_if_there(member);
    if (!reference) return {};
    const auto url = origins.resolve(wish.url, *reference);
    if (!url) throw BadMember(std::string(member) + " leads elsewhere");
    return url->text();
}

std::string deregistration_place(const std::optional<Members>& endpoints, const std::string& id,
                                 const RegistrationWish& wish, const Origins& origins)
{
    if (endpoints)
        if (auto url = place(*endpoints, "deregistration", wish, origins); !url.empty()) return url;
    constexpr std::string_view mark = "{registration_id}";
    auto reference = wish.deregistration;
    const auto at = reference.find(mark);
    if (at == reference.npos) return {};
    reference.replace(at, mark.size(), id);
    const auto url = origins.resolve(wish.url, reference);
    return url ? url->text() : std::string();
}

// One direction of `negotiated`.
void agree(const Members& negotiated, Direction of, const RegistrationWish& wish,
           Agreement& agreement, std::vector<std::string>& remarks)
{
    const bool inbound = of == Direction::inbound;
    const auto side = negotiated.object_if_there(inbound ? "inbound" : "outbound");
    if (!side) return;
    for (const auto& text : side->texts("stages")) {
        const auto stage = stage_named(text);
        if (stage && direction(*stage) == of && wish.stages.has(*stage))
            agreement.stages.add(*stage);
        else
            remarks.push_back("a stage that was not asked for");
    }
    const auto& asked = inbound ? wish.inbound : wish.outbound;
    auto& agreed = inbound ? agreement.inbound : agreement.outbound;
    const auto most = asked.value_or(all_properties(of));
    const auto texts = side->texts_if_there("properties");
    if (!texts) {
        agreed = most;
        return;
    }
    std::vector<Pointer> confirmed;
    for (const auto& text : *texts) {
        auto pointer = Pointer::parse(text);
        if (!pointer) throw BadMember("properties has something that is no pointer");
        if (!covered(*pointer, most)) remarks.push_back("a property that was not asked for");
        confirmed.push_back(std::move(*pointer));
    }
    agreed = intersection(most, confirmed);
}

Registration read(const Members& members, const RegistrationWish& wish, const Origins& origins,
                  std::int64_t now, std::vector<std::string>& remarks)
{
    Registration registration;
    auto& agreement = registration.agreement;
    agreement.id = members.text("registrationId");
    if (!is_registration_id(agreement.id)) throw BadMember("registrationId is malformed");
    const auto status = members.text("status");
    if (status != "active" && status != "suspended") throw BadMember("status is unknown");
    registration.suspended = status == "suspended";
    registration.registered_at = now;
    if (const auto text = members.text_if_there("expiresAt")) {
        registration.expires_at = parse_utc_date(*text);
        if (!registration.expires_at) throw BadMember("expiresAt is no date");
        if (*registration.expires_at <= now) throw BadMember("expiresAt is over");
    }
    registration.hook_url = place(members, "hookEndpoint", wish, origins);
    if (registration.hook_url.empty()) throw BadMember("hookEndpoint is missing");
    const auto endpoints = members.object_if_there("endpoints");
    if (endpoints) registration.status_url = place(*endpoints, "status", wish, origins);
    registration.deregistration_url = deregistration_place(endpoints, agreement.id, wish, origins);
    const auto negotiated = members.object("negotiated");
    const auto serialization = negotiated.text("serialization");
    if (serialization == name(Serialization::cbor))
        agreement.serialization = Serialization::cbor;
    else if (serialization != name(Serialization::json))
        throw BadMember("negotiated.serialization is none we speak");
    for (const Direction of : directions) agree(negotiated, of, wish, agreement, remarks);
    agreement.may_change = wish.may_change;
    agreement.may_change_outbound = wish.may_change_outbound;
    agreement.actions = wish.actions;
    agreement.message_limit = wish.message_limit;
    registration.timeout = wish.timeout;
    return registration;
}

}

bool is_registration_id(std::string_view id)
{
    return !id.empty() && id.size() <= 255 && std::all_of(id.begin(), id.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == ':';
    });
}

Result<RegistrationWish> make_wish(const ScannerSettings& settings, const Discovery* discovery)
{
    RegistrationWish wish;
    const auto serialization = choose(settings.serialization, discovery);
    if (!serialization) return serialization.error();
    wish.serialization = *serialization;
    wish.stages = settings.stages;
    if (settings.properties) wish.inbound = wish.outbound = settings.properties;
    wish.may_change = settings.allow;
    wish.may_change_outbound = settings.allow_outbound;
    wish.actions = settings.actions.value_or(all_actions());
    if (discovery) {
        wish.url = discovery->registration;
        meet(wish, settings, *discovery);
    } else if (auto url = net::Url::parse(settings.register_url)) {
        wish.url = std::move(*url);
    } else {
        return permanent("register-url is no URL");
    }
    for (const Stage stage : all_stages)
        if (settings.required.has(stage) && !wish.stages.has(stage))
            return permanent("the scanner lacks stage " + std::string(name(stage)));
    if (wish.stages.empty()) return permanent("the scanner takes none of the stages");
    return wish;
}

json::value registration_request(const ScannerSettings& settings, const RegistrationWish& wish,
                                 const RegistrationIdentity& identity)
{
    std::chrono::milliseconds longest{1000};
    for (const Stage stage : all_stages)
        if (wish.stages.has(stage))
            longest = std::max(longest, call_budget(settings, wish.timeout, stage));
    json::object request;
    request["name"] = identity.name;
    request["version"] = identity.version;
    request["timeoutMs"] = static_cast<std::uint64_t>(longest.count());
    request["serialization"] = json::string_view(name(wish.serialization));
    request["inbound"] = side(wish, Direction::inbound);
    request["outbound"] = side(wish, Direction::outbound);
    if (settings.disclose_filter && !settings.filter.empty())
        if (const auto filter = decode(Serialization::json, settings.filter))
            request["filter"] = *filter;
    if (!settings.metadata.empty()) {
        auto& metadata = request["metadata"].emplace_object();
        for (const auto& [key, value] : settings.metadata) metadata[key] = value;
    }
    return request;
}

std::chrono::milliseconds call_budget(const ScannerSettings& settings,
                                      std::optional<std::chrono::milliseconds> offered, Stage stage)
{
    if (const auto own = settings.timeouts[static_cast<std::size_t>(stage)]) return *own;
    if (offered) return *offered;
    return stage == Stage::data ? std::chrono::seconds(30) : std::chrono::seconds(10);
}

Result<Registration> decode_registration(Serialization serialization, std::string_view body,
                                         const RegistrationWish& wish, const Origins& origins,
                                         std::int64_t now, std::vector<std::string>& remarks)
{
    const auto value = decode(serialization, body);
    if (!value) return temporary("registration: " + value.error().text);
    try {
        return read(Members(*value, ""), wish, origins, now, remarks);
    } catch (const BadMember& bad) {
        return temporary("registration: " + std::string(bad.what()));
    }
}

std::vector<std::string> unconfirmed(const ScannerSettings& settings, const Agreement& agreement)
{
    std::vector<std::string> stages;
    for (const Stage stage : all_stages)
        if (settings.required.has(stage) && !agreement.stages.has(stage))
            stages.emplace_back(name(stage));
    return stages;
}

namespace {

// Nothing depends on it: what is of another type is left out.
std::string read_health(const Members& status)
{
    try {
        const auto health = status.object_if_there("health");
        if (!health) return {};
        auto text = health->text_if_there("status").value_or("");
        const auto failures = health->number_if_there("consecutiveFailures").value_or(0);
        if (failures > 0) text += ", " + std::to_string(failures) + " failures in a row";
        return text;
    } catch (const BadMember&) {
        return {};
    }
}

}

Result<RegistrationStatus> decode_status(Serialization serialization, std::string_view body)
{
    const auto value = decode(serialization, body);
    if (!value) return temporary("status: " + value.error().text);
    try {
        const Members members(*value, "");
        RegistrationStatus status{members.text("status"), read_health(members)};
        if (status.word != "active" && status.word != "suspended" && status.word != "deregistered")
            return temporary("status: unknown");
        return status;
    } catch (const BadMember& bad) {
        return temporary("status: " + std::string(bad.what()));
    }
}

}
