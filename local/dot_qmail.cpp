#include "local/dot_qmail.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace grapnel::local {

namespace {

constexpr std::string_view any = "default";

std::string_view without_trailing_blanks(std::string_view line)
{
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    return line;
}

Instruction file(std::string_view line, bool forward_only)
{
    const auto kind = line.ends_with('/') ? Instruction::Kind::maildir : Instruction::Kind::mbox;
    return {kind, std::string(line), forward_only};
}

}

Result<std::vector<Instruction>> parse_dot_qmail(std::string_view text, bool forward_only)
{
    std::vector<Instruction> instructions;
    bool first = true;
    while (!text.empty() || first) {
        const auto end = text.find('\n');
        const auto line = without_trailing_blanks(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const bool blank = line.empty() || line.front() == '\0';
        if (blank && first) return temporary("Uh-oh: first line of .qmail file is blank. (#4.2.1)");
        first = false;
        if (blank) continue;
        switch (line.front()) {
        case '#':
            break;
        case '.':
        case '/':
            instructions.push_back(file(line, forward_only));
            break;
        case '|':
            instructions.push_back(
                {Instruction::Kind::program, std::string(line.substr(1)), forward_only});
            break;
        case '+':
            forward_only = forward_only || line.substr(0, line.find('\0')) == "+list";
            break;
        case '&':
            instructions.push_back({Instruction::Kind::forward, std::string(line.substr(1))});
            break;
        default:
            instructions.push_back({Instruction::Kind::forward, std::string(line)});
        }
    }
    return instructions;
}

std::string safe_extension(std::string_view extension)
{
    std::string safe = lower(extension);
    std::replace(safe.begin(), safe.end(), '.', ':');
    return safe;
}

std::vector<Candidate> dot_qmail_names(std::string_view dash, std::string_view extension)
{
    const std::string safe = safe_extension(extension);
    const auto slash = safe.find('/');
    const std::string stem = ".qmail" + std::string(dash);
    std::vector<Candidate> names;
    if (slash == std::string::npos) {
        std::optional<std::string> rest;
        if (safe.ends_with(any)) rest = extension.substr(extension.size() - any.size());
        names.push_back({stem + safe, std::move(rest)});
    }
    for (std::size_t length = std::min(safe.size(), slash) + 1; length-- > 0;)
        if (length == 0 || safe[length - 1] == '-')
            names.push_back({stem + safe.substr(0, length) + std::string(any),
                             std::string(extension.substr(length))});
    return names;
}

std::optional<std::string> owner_file(std::string_view dash, std::string_view extension,
                                      std::string_view ending)
{
    const std::string safe = safe_extension(extension);
    if (safe.find('/') != std::string::npos) return std::nullopt;
    return ".qmail" + std::string(dash) + safe + std::string(ending);
}

}
