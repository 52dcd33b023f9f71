// "\x7f" is "7f".
#pragma once

#include <string>
#include <string_view>

namespace grapnel {

// Lower case, two digits an octet.
std::string hexadecimal(std::string_view octets);

}
