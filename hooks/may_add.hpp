// Whether an address that a scanner wants to add may be added: the policy of RCPT TO for this
// client. One that only a scanner with relay-recipients may add: `foreign`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace grapnel::hooks {

enum class MayAdd : std::uint8_t { yes, foreign, no };
std::string_view name(MayAdd answer);
std::optional<MayAdd> may_add_named(std::string_view name);

using AddPolicy = std::function<MayAdd(std::string_view address)>;

}
