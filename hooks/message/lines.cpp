#include "hooks/message/lines.hpp"

#include <algorithm>

namespace grapnel::hooks {

std::uint64_t crlf_size(std::string_view text)
{
    return text.size() + static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string crlf(std::string_view text)
{
    std::string lines;
    lines.reserve(crlf_size(text));
    while (!text.empty()) {
        const auto line = first_line(text);
        text.remove_prefix(line.size());
        if (line.back() == '\n')
            lines.append(line.substr(0, line.size() - 1)).append("\r\n");
        else
            lines += line;
    }
    return lines;
}

void drop_carriage_returns(std::string& text)
{
    auto to = text.find("\r\n");
    if (to == std::string::npos) return;
    for (auto from = to; from < text.size(); ++from)
        if (text[from] != '\r' || from + 1 == text.size() || text[from + 1] != '\n')
            text[to++] = text[from];
    text.resize(to);
}

std::string_view first_line(std::string_view text)
{
    const auto end = text.find('\n');
    return end == std::string_view::npos ? text : text.substr(0, end + 1);
}

}
