// Text of strangers as a JSON string, in its quotes: what is no UTF-8 becomes U+FFFD. Pure.
#pragma once

#include <string>
#include <string_view>

namespace grapnel::queue {

std::string json_text(std::string_view text);

}
