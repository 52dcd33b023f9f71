// Prints how the system was built and every setting: where it comes from, and what is wrong with
// it. qmail-showctl(8).
#include "base/arguments.hpp"
#include "base/sys/account.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/text.hpp"
#include "build_config.hpp"
#include "hooks/scanner/settings_report.hpp"
#include "queue/spool.hpp"
#include "send/classic_settings.hpp"
#include "send/setting_check.hpp"
#include "send/settings_survey.hpp"

#include <string>
#include <system_error>

namespace {

using namespace grapnel;
constexpr std::size_t longest_file = 64u * 1024 * 1024;
constexpr int problems_found = 1, usage_error = 100;

std::string role_ids()
{
    std::string ids;
    for (const auto role : {Role::alias, Role::daemon, Role::log, Role::password, Role::queue,
                            Role::remote, Role::send}) {
        // Who owns the files has no duty; the positions are what scripts count on.
        if (role == Role::password) {
            const auto owner = find_account(std::string(build::users[3]));
            ids += ", " + (owner ? std::to_string(owner->uid) : "missing");
        }
        const auto account = find_account(role_name(role));
        const std::string id = in_sandbox() ? std::to_string(role_identity(role).uid)
                               : account    ? std::to_string(account->uid)
                                            : "missing";
        ids += (ids.empty() ? "" : ", ") + id;
    }
    return ids;
}

std::string group_id(const std::string& name)
{
    if (in_sandbox()) return std::to_string(role_identity(Role::queue).gid);
    const auto group = find_group(name);
    return group ? std::to_string(*group) : "missing";
}

// The queue knows its own split; one that was not looked at has what was built in.
std::string queue_split()
{
    try {
        return std::to_string(queue::Spool::open(home() + "/queue").split());
    } catch (const std::system_error&) {
        return std::to_string(build::split);
    }
}

void print_build(Writer& out)
{
    out.write("qmail home directory: " + home() + ".\n");
    out.write(std::string("user-ext delimiter: ") + build::separator + ".\n");
    out.write("paternalism (in decimal): " + std::to_string(build::paternalism) + ".\n");
    out.write("silent concurrency limit: " + std::to_string(build::spawn) + ".\n");
    out.write("subdirectory split: " + queue_split() + ".\n");
    out.write("user ids: " + role_ids() + ".\n");
    out.write("group ids: " + group_id(build::others_group) + ", " + group_id(build::queue_group) +
              ".\n");
}

std::string classic_part(const Control& control, const send::Survey& survey)
{
    const auto text_of = [&](std::string_view name) {
        return read_file_if_there(control.path(name), longest_file);
    };
    return send::classic_settings(text_of, survey.more_hosts, survey.open_relay);
}

std::string our_setting(const send::SurveyedSetting& found, const std::string& me)
{
    using Origin = send::SurveyedSetting::Origin;
    const auto& setting = *found.setting;
    const std::string head = '\n' + std::string(setting.name) + ": ";
    switch (found.origin) {
    case Origin::by_default:
    case Origin::me:
        return head + send::describe_default(setting, me);
    case Origin::file:
        return head + send::describe(setting, found.text);
    case Origin::unreadable:
        break;
    }
    return head + "Oops! Trouble reading this file.\n";
}

std::string scanners()
{
    const auto report = hooks::settings_report(home() + "/control");
    if (report.empty()) return "\nhooks: (Default.) No scanners.\n";
    return "\nhooks: Scanners, in the order in which they are called.\n" + report;
}

// The lines of a report of scanners that say what is wrong.
std::vector<std::string> scanner_problems()
{
    constexpr std::string_view mark = "Warning: ";
    std::vector<std::string> problems;
    const auto report = hooks::settings_report(home() + "/control");
    for (const auto line : split(report, '\n'))
        if (line.starts_with(mark)) problems.emplace_back(line.substr(mark.size()));
    return problems;
}

int show()
{
    Writer out(1);
    const Control control;
    print_build(out);
    out.flush();   // even where there are no settings
    const auto survey = send::survey_settings(control);
    out.write(classic_part(control, survey));
    for (const auto& found : survey.settings)
        if (!send::is_classic_setting(found.setting->name))
            out.write(our_setting(found, survey.me));
    out.write(scanners());
    for (const auto* file : survey.foreign)
        out.write('\n' + std::string(file->name) + ": " + std::string(file->meaning) + ".\n");
    for (const auto& name : survey.unknown)
        out.write('\n' + name + ": I have no idea what this file does.\n");
    if (!survey.problems.empty() || !survey.notes.empty()) out.write("\n");
    for (const auto& problem : survey.problems) out.write("Warning: " + problem.sentence() + '\n');
    for (const auto& note : survey.notes) out.write("Note: " + note + '\n');
    out.flush();
    return 0;
}

int check()
{
    Writer out(1);
    const auto survey = send::survey_settings(Control());
    const auto of_scanners = scanner_problems();
    for (const auto& problem : survey.problems) out.write(problem.sentence() + '\n');
    for (const auto& problem : of_scanners) out.write(problem + '\n');
    out.flush();
    return survey.problems.empty() && of_scanners.empty() ? 0 : problems_found;
}

int show_json()
{
    auto survey = send::survey_settings(Control());
    for (auto& problem : scanner_problems()) survey.problems.push_back({"hooks", 0, problem});
    write_all(1, send::json_of(survey));
    return 0;
}

}

int main(int argc, char** argv)
{
    const auto words = argument_words(argc, argv);
    return run("qmail-showctl", [&] {
        if (words.size() == 1) return show();
        if (words.size() == 2 && words[1] == "--check") return check();
        if (words.size() == 2 && words[1] == "--json") return show_json();
        throw Stop{usage_error, "usage: qmail-showctl [--check | --json]"};
    });
}
