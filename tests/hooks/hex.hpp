// Octets as tests write them: "a1 61 61 01".
#pragma once

#include <string>
#include <string_view>

namespace grapnel::test {

inline std::string octets(std::string_view hex)
{
    std::string bytes;
    std::string digits;
    for (const char c : hex) {
        if (c == ' ') continue;
        digits += c;
        if (digits.size() < 2) continue;
        bytes += static_cast<char>(std::stoi(digits, nullptr, 16));
        digits.clear();
    }
    return bytes;
}

}
