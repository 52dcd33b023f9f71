#include "hooks/message/structure.hpp"

#include "hooks/message/lines.hpp"

#include <algorithm>

namespace grapnel::hooks {

std::string_view Structure::header(const Part& part) const
{
    return part.new_header ? std::string_view(*part.new_header) : part.header.of(text);
}

std::string_view Structure::content(const Part& part) const
{
    return part.new_content ? std::string_view(*part.new_content) : part.content.of(text);
}

std::optional<std::size_t> Structure::find(std::string_view id) const
{
    const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
        return !part.is_multipart && part.id == id;
    });
    if (found == parts.end()) return std::nullopt;
    return static_cast<std::size_t>(found - parts.begin());
}

std::uint64_t Structure::multipart_size(std::size_t index) const
{
    const auto& whole = parts[index];
    std::uint64_t size = whole.content.end - whole.content.begin + whole.lines;
    for (auto at = edited.upper_bound(index); at != edited.end(); ++at) {
        const auto& part = parts[*at];
        if (part.header.begin > whole.content.end) break;   // a boundary lies between
        if (part.new_header) size += crlf_size(*part.new_header) - crlf_size(part.header.of(text));
        if (part.new_content) {
            size +=
                crlf_size(*part.new_content) - (part.content.end - part.content.begin) - part.lines;
            if (part.joined && !part.new_content->empty()) size += 2;
        }
    }
    return size;
}

std::vector<std::string_view> Structure::pieces() const
{
    std::vector<std::string_view> pieces;
    std::size_t at = 0;
    const auto replace = [&](const Range& range, std::string_view with) {
        pieces.push_back(text.substr(at, range.begin - at));
        pieces.push_back(with);
        at = range.end;
    };
    for (const auto index : edited) {
        const auto& part = parts[index];
        if (part.new_header) replace(part.header, *part.new_header);
        if (!part.new_content) continue;
        replace(part.content, *part.new_content);
        if (part.joined && !part.new_content->empty()) pieces.emplace_back("\n");
    }
    pieces.push_back(text.substr(at));
    return pieces;
}

}
