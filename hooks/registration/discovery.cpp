#include "hooks/registration/discovery.hpp"

#include "base/text.hpp"
#include "hooks/values/members.hpp"

#include <algorithm>

namespace grapnel::hooks {

namespace {

// C9: a later 1.x only adds.
bool is_our_version(std::string_view version)
{
    return version.starts_with("1.") && parse_number(version.substr(2)).has_value();
}

std::vector<Pointer> pointers(const Members& members, std::string_view member)
{
    std::vector<Pointer> list;
    for (const auto& text : members.texts_if_there(member).value_or(std::vector<std::string>{})) {
        auto pointer = Pointer::parse(text);
        if (!pointer) throw BadMember(std::string(member) + " has something that is no pointer");
        list.push_back(std::move(*pointer));
    }
    return list;
}

std::optional<Offer> read_offer(const Members& capabilities, Direction offered,
                                std::vector<Action>& actions)
{
    const auto members =
        capabilities.object_if_there(offered == Direction::inbound ? "inbound" : "outbound");
    if (!members) return std::nullopt;
    Offer offer;
    for (const auto& text : members->texts("stages"))
        if (const auto stage = stage_named(text); stage && direction(*stage) == offered)
            offer.stages.add(*stage);
    for (const auto& text : members->texts_if_there("actions").value_or(std::vector<std::string>{}))
        if (const auto action = action_named(text); action && direction(*action) == offered)
            actions.push_back(*action);
    offer.fetch = pointers(*members, "fetchProperties");
    offer.update = pointers(*members, "updateProperties");
    return offer;
}

void read_limits(const Members& members, Discovery& discovery)
{
    discovery.message_limit = members.number_if_there("maxMessageSize");
    static_cast<void>(members.number_if_there("maxRegistrations"));
    constexpr std::uint64_t shortest = 1000, longest = 60000;   // C68
    if (const auto time = members.number_if_there("timeoutMs"))
        discovery.timeout = std::chrono::milliseconds(std::clamp(*time, shortest, longest));
}

void read_endpoints(const Members& members, const net::Url& asked, const Origins& origins,
                    Discovery& discovery)
{
    const auto registration = origins.resolve(asked, members.text("registration"));
    if (!registration) throw BadMember("endpoints.registration leads elsewhere");
    discovery.registration = *registration;
    discovery.deregistration = members.text_if_there("deregistration").value_or("");
}

Discovery read(const Members& members, const net::Url& asked, const Origins& origins)
{
    Discovery discovery;
    if (!is_our_version(members.text("version"))) throw BadMember("version is none we speak");
    read_endpoints(members.object("endpoints"), asked, origins, discovery);
    for (const auto& text : members.texts("serialization")) {
        if (text == "json") discovery.serializations.push_back(Serialization::json);
        if (text == "cbor") discovery.serializations.push_back(Serialization::cbor);
    }
    if (discovery.serializations.empty()) throw BadMember("serialization has none we speak");
    const auto capabilities = members.object("capabilities");
    discovery.inbound = read_offer(capabilities, Direction::inbound, discovery.actions);
    discovery.outbound = read_offer(capabilities, Direction::outbound, discovery.actions);
    if (const auto limits = members.object_if_there("limits")) read_limits(*limits, discovery);
    return discovery;
}

}

Origins::Origins(const net::Url& own, const std::vector<std::string>& others)
    : origins_{own.origin()}
{
    for (const auto& other : others)
        if (const auto url = net::Url::parse(other)) origins_.push_back(url->origin());
}

std::optional<net::Url> Origins::resolve(const net::Url& asked, std::string_view reference) const
{
    auto url = asked.resolve(reference);
    if (!url || std::find(origins_.begin(), origins_.end(), url->origin()) == origins_.end())
        return std::nullopt;
    return url;
}

Result<Discovery> decode_discovery(Serialization serialization, std::string_view body,
                                   const net::Url& asked, const Origins& origins)
{
    const auto value = decode(serialization, body);
    if (!value) return temporary("discovery: " + value.error().text);
    try {
        return read(Members(*value, ""), asked, origins);
    } catch (const BadMember& bad) {
        return temporary("discovery: " + std::string(bad.what()));
    }
}

}
