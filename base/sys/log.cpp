#include "base/sys/log.hpp"

#include <unistd.h>

#include <algorithm>

namespace grapnel {

void log_line(int descriptor, std::string_view text)
{
    std::string line(text);
    line += '\n';
    [[maybe_unused]] const auto ignored = ::write(descriptor, line.data(), line.size());
}

std::string printable(std::string_view text, std::size_t limit)
{
    std::string result(text.substr(0, limit));
    std::replace_if(
        result.begin(), result.end(), [](char c) { return c < 32 || c > 126; }, '?');
    return result;
}

}
