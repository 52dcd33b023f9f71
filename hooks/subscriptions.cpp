#include "hooks/subscriptions.hpp"

#include "base/sys/control.hpp"
#include "base/sys/file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace grapnel::hooks {

namespace {

using std::chrono::seconds;

constexpr std::array<std::string_view, 4> policy_names{"accept", "quarantine", "tempfail",
                                                       "reject"};
// What a scanner that was given no time may have at most, and the most of a whole stage (C68).
constexpr seconds longest_call{60}, longest_stage{60}, longest_stage_with_data{240};
constexpr seconds margin{5};   // qmail-hookd answers first

std::string directory_of(const std::string& control) { return control + "/hooks"; }

// A setting of one scanner; what cannot be read is nullopt.
template <class Value, class Read>
std::optional<Value> try_read(Read read)
{
    try {
        return read();
    } catch (const std::system_error&) {
        return std::nullopt;
    }
}

Stages stages_of(const Control& scanner)
{
    Stages stages;
    const auto lines = try_read<std::vector<std::string>>([&] { return scanner.list("stages"); });
    for (const auto& line : lines.value_or(std::vector<std::string>{}))
        for (auto rest = trim(line); !rest.empty(); rest = trim_left(rest)) {
            const auto word = rest.substr(0, rest.find_first_of(" \t"));
            if (const auto stage = stage_named(word)) stages.add(*stage);
            rest.remove_prefix(word.size());
        }
    if (stages.empty()) stages.add(Stage::data);
    return stages;
}

Policy policy_of(const Control& scanner, Direction direction)
{
    const bool inbound = direction == Direction::inbound;
    try {
        const auto word = scanner.line(inbound ? "on-failure" : "on-failure-outbound");
        if (!word) return inbound ? Policy::tempfail : Policy::accept;
        const auto policy = policy_named(*word);
        if (policy && (inbound || *policy == Policy::accept)) return *policy;
    } catch (const std::system_error&) {
        // as one that makes no sense
    }
    return Policy::tempfail;
}

seconds time_of(const Control& scanner, Stage stage)
{
    for (const auto& file : {"timeout-" + std::string(name(stage)), std::string("timeout")}) {
        const auto text = try_read<std::string>([&] { return scanner.line(file); });
        const auto number = text ? parse_number(*text) : std::nullopt;
        if (number && *number >= 1 && *number <= 60) return seconds(*number);
    }
    return longest_call;
}

void add(Subscriptions& all, const Control& scanner)
{
    const Stages stages = stages_of(scanner);
    for (const Stage stage : all_stages) {
        if (!stages.has(stage)) continue;
        all.stages.add(stage);
        const auto n = static_cast<std::size_t>(stage);
        all.without[n] = std::max(all.without[n], policy_of(scanner, direction(stage)));
        all.limits[n] += time_of(scanner, stage);
    }
}

}

std::string_view name(Policy policy) { return policy_names[static_cast<std::size_t>(policy)]; }

std::optional<Policy> policy_named(std::string_view name)
{
    const auto found = std::find(policy_names.begin(), policy_names.end(), name);
    if (found == policy_names.end()) return std::nullopt;
    return static_cast<Policy>(found - policy_names.begin());
}

std::vector<std::string> scanner_names(const std::string& control)
{
    std::vector<std::string> names;
    if (!status_if_there(directory_of(control))) return names;
    for (auto& name : list_directory(directory_of(control))) {
        if (name.starts_with('.')) continue;
        const auto about = status_if_there(directory_of(control) + '/' + name);
        if (about && S_ISDIR(about->st_mode)) names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

Subscriptions read_subscriptions(const std::string& control)
{
    Subscriptions all;
    try {
        for (const auto& scanner : scanner_names(control))
            add(all, Control(directory_of(control) + '/' + scanner));
    } catch (const std::system_error&) {
        add(all, Control(directory_of(control)));   // of whom nothing is known
    }
    for (const Stage stage : all_stages) {
        auto& limit = all.limits[static_cast<std::size_t>(stage)];
        const auto most = stage == Stage::data ? longest_stage_with_data : longest_stage;
        if (limit > seconds(0)) limit = std::min(limit, most) + margin;
    }
    return all;
}

std::vector<std::string> subscription_files(const std::string& control)
{
    std::vector<std::string> files{"hooks"};
    const auto names = try_read<std::vector<std::string>>([&] { return scanner_names(control); });
    for (const auto& scanner : names.value_or(std::vector<std::string>{})) {
        const auto directory = "hooks/" + scanner;
        files.push_back(directory);
        for (const auto* file : {"stages", "on-failure", "on-failure-outbound", "timeout"})
            files.push_back(directory + '/' + file);
        for (const Stage stage : all_stages)
            files.push_back(directory + "/timeout-" + std::string(name(stage)));
    }
    return files;
}

}
