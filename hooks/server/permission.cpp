#include "hooks/server/permission.hpp"

#include <variant>

namespace grapnel::hooks {

Standing standing(uid_t uid, const KnownUsers& users)
{
    if (uid == 0 || uid == users.own) return Standing::owner;
    if (uid == users.send) return Standing::reloader;
    if (uid == users.daemon) return Standing::stage;
    return Standing::stranger;
}

namespace {

std::string refuse_stranger(const wire::Request& request, std::uint64_t injected, bool sealed)
{
    if (injected == 0) return "control/hooks-on-inject is not set";
    if (request.facts.stage != Stage::data) return "only the data stage is for you";
    // Others' files may change under our eyes, or never answer.
    if (request.with_message && request.following == 0 && !sealed)
        return "the message must be sealed";
    if (request.following > injected) return "the message is too long";
    return {};
}

}

std::string refusal(Standing who, const wire::Saying& saying, std::uint64_t injected, bool sealed)
{
    if (std::holds_alternative<wire::Reload>(saying))
        return who >= Standing::reloader ? "" : "not for you";
    if (std::holds_alternative<wire::StatusWanted>(saying))
        return who == Standing::owner ? "" : "not for you";
    const auto* request = std::get_if<wire::Request>(&saying);
    if (!request) return "nobody asked";
    if (!request->only.empty() && who != Standing::owner) return "not for you";
    return who == Standing::stranger ? refuse_stranger(*request, injected, sealed) : "";
}

}
