// The answer to a registration, and the file it is kept in: what is accepted is no more than what
// was asked for, and lies where we may go.
#include "fuzz/require.hpp"
#include "hooks/registration/registration.hpp"
#include "hooks/registration/registration_file.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace grapnel;

namespace {

hooks::RegistrationWish wish()
{
    hooks::RegistrationWish made;
    made.url = *net::Url::parse("https://scanner.example/v1/hooks/register");
    made.stages = {hooks::Stage::data, hooks::Stage::dsn};
    made.inbound = {*hooks::Pointer::parse("/envelope/to"), *hooks::Pointer::parse("/rawMessage")};
    made.deregistration = "/v1/hooks/{registration_id}";
    return made;
}

bool is_ours(std::string_view url) { return url.starts_with("https://scanner.example/"); }

void check(hooks::Serialization serialization, std::string_view body)
{
    constexpr std::int64_t now = 1'795'335'330'120;
    const auto asked = wish();
    std::vector<std::string> remarks;
    const auto made = hooks::decode_registration(serialization, body, asked,
                                                 hooks::Origins(asked.url, {}), now, remarks);
    if (!made) return require(!made.error().text.empty());
    const auto& agreement = made->agreement;
    require(!agreement.id.empty() && agreement.id.size() <= 255);
    require(agreement.id.find_first_of("\r\n /\"") == std::string::npos);
    require(is_ours(made->hook_url));
    require(made->deregistration_url.empty() || is_ours(made->deregistration_url));
    require(made->status_url.empty() || is_ours(made->status_url));
    require(!made->expires_at || *made->expires_at > now);
    for (const auto stage : hooks::all_stages)
        require(!agreement.stages.has(stage) || asked.stages.has(stage));
    for (const auto& pointer : agreement.inbound) require(hooks::covered(pointer, *asked.inbound));
    const auto again = hooks::decode_kept(hooks::encode(hooks::KeptRegistration{*made, "x"}));
    require(again && again->registration.agreement.id == agreement.id);
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    check(hooks::Serialization::json, body);
    check(hooks::Serialization::cbor, body);
    if (const auto kept = hooks::decode_kept(body))
        require(hooks::decode_kept(hooks::encode(*kept)).has_value());
    static_cast<void>(hooks::decode_status(hooks::Serialization::json, body));
    return 0;
}
