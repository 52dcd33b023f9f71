#include "support/maildir.hpp"

#include "base/text.hpp"
#include "support/temp_home.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace grapnel::test {

namespace {

std::vector<std::string> files_of(const std::string& maildir)
{
    std::vector<std::string> paths;
    for (const auto* folder : {"/new", "/cur"}) {
        std::error_code none;
        for (const auto& entry : std::filesystem::directory_iterator(maildir + folder, none))
            paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

bool is_trace(std::string_view line)
{
    constexpr std::array<std::string_view, 3> names{"Return-Path:", "Delivered-To:", "Received:"};
    return std::any_of(names.begin(), names.end(),
                       [&](auto name) { return starts_with_ignoring_case(line, name); });
}

}

std::vector<std::string> maildir_messages(const std::string& maildir)
{
    std::vector<std::string> messages;
    for (const auto& path : files_of(maildir))
        if (auto bytes = slurp(path); !bytes.empty()) messages.push_back(std::move(bytes));
    return messages;
}

std::size_t maildir_count(const std::string& maildir) { return files_of(maildir).size(); }

bool wait_for_maildir(const std::string& maildir, std::size_t count, milliseconds limit)
{
    return wait_until([&] { return maildir_count(maildir) >= count; }, limit);
}

std::optional<std::string> trace_of(std::string_view delivered, std::string_view original)
{
    std::string whole(original);
    if (!delivered.ends_with(whole)) whole += '\n';
    if (!delivered.ends_with(whole)) return std::nullopt;
    const std::string trace(delivered.substr(0, delivered.size() - whole.size()));
    bool in_trace = false;
    for (std::string_view rest = trace; !rest.empty();) {
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        const auto line = rest.substr(0, end);
        const bool continued = line.starts_with(' ') || line.starts_with('\t');
        in_trace = continued ? in_trace : is_trace(line);
        if (!in_trace) return std::nullopt;
        rest.remove_prefix(end + 1);
    }
    return trace;
}

}
