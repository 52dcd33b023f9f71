#include "hooks/scanner/scanner_file.hpp"

#include "base/sys/error.hpp"
#include "base/sys/log.hpp"

#include <system_error>

namespace grapnel::hooks {

void ScannerFiles::error(std::string_view file, std::string_view what) const
{
    errors_.push_back(shown_ + '/' + std::string(file) + ": " + std::string(what));
}

void ScannerFiles::no_good(std::string_view file, std::string_view value,
                           std::string_view what) const
{
    error(file, '"' + printable(value, 100) + "\" " + std::string(what));
}

template <class Read>
auto ScannerFiles::read(std::string_view file, Read read) const -> decltype(read())
{
    try {
        return read();
    } catch (const std::system_error& trouble) {
        error(file, reason(trouble.code().value()));
        return std::nullopt;
    }
}

std::optional<std::string> ScannerFiles::line(std::string_view file) const
{
    return read(file, [&] { return control_.line(file); });
}

std::optional<std::vector<std::string>> ScannerFiles::list(std::string_view file) const
{
    return read(file, [&] { return control_.list(file); });
}

std::optional<std::vector<std::string>> ScannerFiles::words(std::string_view file) const
{
    const auto lines = list(file);
    if (!lines) return std::nullopt;
    std::vector<std::string> words;
    for (const auto& line : *lines)
        for (auto rest = trim(line); !rest.empty(); rest = trim_left(rest)) {
            words.emplace_back(rest.substr(0, rest.find_first_of(" \t")));
            rest.remove_prefix(words.back().size());
        }
    return words;
}

std::optional<bool> ScannerFiles::flag(std::string_view file) const
{
    const auto value = line(file);
    if (!value) return std::nullopt;
    if (*value == "0" || *value == "1") return *value == "1";
    no_good(file, *value, "is neither 0 nor 1");
    return std::nullopt;
}

std::optional<std::uint64_t> ScannerFiles::number(std::string_view file, std::uint64_t least,
                                                  std::uint64_t most) const
{
    const auto value = line(file);
    if (!value) return std::nullopt;
    const auto number = parse_number(*value);
    if (number && *number >= least && *number <= most) return number;
    no_good(file, *value,
            "is no number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
}

std::optional<std::chrono::seconds> ScannerFiles::time(std::string_view file,
                                                       std::uint64_t most) const
{
    const auto seconds = number(file, 1, most);
    if (!seconds) return std::nullopt;
    return std::chrono::seconds(*seconds);
}

std::optional<std::vector<Pointer>> ScannerFiles::pointers(std::string_view file) const
{
    const auto texts = words(file);
    if (!texts) return std::nullopt;
    std::vector<Pointer> pointers;
    for (const auto& text : *texts)
        if (auto pointer = Pointer::parse(text); pointer && pointer->size() > 0)
            pointers.push_back(std::move(*pointer));
        else
            no_good(file, text, "is no JSON Pointer");
    return pointers;
}

std::optional<Policy> ScannerFiles::policy(std::string_view file,
                                           std::initializer_list<Policy> of) const
{
    const auto word = line(file);
    if (!word) return std::nullopt;
    std::string names;
    for (const Policy policy : of) {
        if (*word == name(policy)) return policy;
        names += (names.empty() ? "" : ", ") + std::string(name(policy));
    }
    no_good(file, *word, "is none of " + names);
    return std::nullopt;
}

std::optional<Stages> ScannerFiles::stages(std::string_view file) const
{
    const auto names = words(file);
    if (!names) return std::nullopt;
    Stages stages;
    for (const auto& name : *names)
        if (const auto stage = stage_named(name))
            stages.add(*stage);
        else
            no_good(file, name, "is no stage");
    return stages;
}

std::optional<std::vector<Action>> ScannerFiles::actions(std::string_view file) const
{
    const auto names = words(file);
    if (!names) return std::nullopt;
    std::vector<Action> actions;
    for (const auto& name : *names)
        if (const auto action = action_named(name))
            actions.push_back(*action);
        else
            no_good(file, name, "is no action");
    return actions;
}

}
