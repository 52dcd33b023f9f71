// RFC 4648, the standard alphabet, padded; decoding takes nothing else (C5). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace grapnel::hooks {

std::string base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);

}
