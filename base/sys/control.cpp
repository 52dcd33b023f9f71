#include "base/sys/control.hpp"

#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"

namespace grapnel {

namespace {
constexpr std::size_t file_limit = 64u * 1024 * 1024;
}

Control::Control(std::string directory) : directory_(std::move(directory)) {}

Control::Control() : Control(home() + "/control") {}

std::optional<std::string> Control::line(std::string_view name) const
{
    const auto text = read_file_if_there(path(name), file_limit);
    if (!text) return std::nullopt;
    return std::string(trim_right(std::string_view(*text).substr(0, text->find('\n'))));
}

std::string Control::line_or_me(std::string_view name, std::string_view literal) const
{
    if (auto value = line(name)) return *value;
    return line("me").value_or(std::string(literal));
}

std::optional<std::vector<std::string>> Control::list(std::string_view name) const
{
    const auto text = read_file_if_there(path(name), file_limit);
    if (!text) return std::nullopt;
    std::vector<std::string> entries;
    for (const auto raw : split(*text, '\n')) {
        const auto entry = trim_right(raw);
        if (!entry.empty() && entry.front() != '#') entries.emplace_back(entry);
    }
    return entries;
}

std::uint64_t Control::integer(std::string_view name, std::uint64_t fallback) const
{
    const auto text = line(name);
    return text ? leading_number(*text).value_or(fallback) : fallback;
}

}
