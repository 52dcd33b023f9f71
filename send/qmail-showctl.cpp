// Prints how the system was built and every setting: where it comes from, and what is wrong with
// it.
#include "base/sys/account.hpp"
#include "base/sys/cdb.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "build_config.hpp"
#include "hooks/settings_report.hpp"
#include "queue/spool.hpp"
#include "send/setting_check.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <system_error>

namespace {

using namespace grapnel;
constexpr std::size_t longest_file = 64u * 1024 * 1024;

std::string role_ids()
{
    std::string ids;
    for (const auto role : {Role::alias, Role::daemon, Role::log, Role::password, Role::queue,
                            Role::remote, Role::send}) {
        // root stands where qmailo, a user of no duty, stood: the positions are what scripts count
        // on.
        if (role == Role::password) ids += ", 0";
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
std::string split()
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
    out.write("user-ext delimiter: -.\n");
    out.write("paternalism (in decimal): 2.\n");
    out.write("silent concurrency limit: " + std::to_string(build::spawn) + ".\n");
    out.write("subdirectory split: " + split() + ".\n");
    out.write("user ids: " + role_ids() + ".\n");
    out.write("group ids: " + group_id("nofiles") + ", " + group_id("qmail") + ".\n");
}

void print_setting(Writer& out, const Control& control, const Setting& setting,
                   const std::string& me)
{
    out.write('\n' + std::string(setting.name) + ": ");
    try {
        const auto text = read_file_if_there(control.path(setting.name), longest_file);
        if (!text) return out.write(send::describe_default(setting, me));
        out.write(send::describe(setting, *text));
        for (const auto& complaint : send::complaints(setting, *text))
            out.write("Warning: " + complaint + '\n');
    } catch (const std::system_error& error) {
        out.write("Warning: cannot be read: " + std::string(reason(error.code().value())) + ".\n");
    }
}

// A compiled table must be there with its text, and be as new.
void print_table(Writer& out, const Control& control, std::string_view text_name)
{
    const auto text = status_if_there(control.path(text_name));
    const auto table = status_if_there(control.path(std::string(text_name) + ".cdb"));
    if (text && !table)
        out.write("Warning: " + std::string(text_name) + " is there, but not compiled.\n");
    if (!text && table) out.write("Warning: " + std::string(text_name) + " is gone.\n");
    if (text && table && text->st_mtime > table->st_mtime)
        out.write("Warning: it is older than " + std::string(text_name) + ".\n");
    try {
        CdbReader::open(control.path(std::string(text_name) + ".cdb"));
    } catch (const std::system_error&) {
        out.write("Warning: it cannot be read, or is no cdb.\n");
    }
}

void print_whole(Writer& out, const Control& control)
{
    const std::vector<std::string> none;
    const auto locals =
        control.list("locals").value_or(std::vector{control.line("me").value_or("")});
    const auto accepted = control.list("rcpthosts");
    for (const auto& conflict : send::conflicts(locals, accepted ? &*accepted : nullptr,
                                                control.list("virtualdomains").value_or(none)))
        out.write("\nWarning: " + conflict + '\n');
    if (!locals.empty())
        out.write("\nWarning: the SMTP server accepts unknown users: will backscatter.\n");
}

void print_scanners(Writer& out)
{
    const auto report = hooks::settings_report(home() + "/control");
    if (report.empty())
        out.write("\nhooks: (Default.) No scanners.\n");
    else
        out.write("\nhooks: Scanners, in the order in which they are called.\n" + report);
}

void print_unknown(Writer& out)
{
    const auto is_known = [](std::string_view name) {
        return std::any_of(settings.begin(), settings.end(),
                           [&](const auto& known) { return known.name == name; });
    };
    auto names = list_directory(home() + "/control");
    std::sort(names.begin(), names.end());
    for (const auto& name : names)
        if (!is_known(name) && name != "hooks")
            out.write('\n' + printable(name) + ": I have no idea what this file does.\n");
}

int show()
{
    Writer out(1);
    const Control control;
    print_build(out);
    out.flush();   // even where there are no settings
    const std::string me = control.line("me").value_or("");
    for (const auto& setting : settings) {
        print_setting(out, control, setting, me);
        if (setting.name == "me" && me.empty())
            out.write("Warning: control/me is missing; nothing works without it.\n");
        if (setting.name == "morercpthosts.cdb") print_table(out, control, "morercpthosts");
    }
    print_scanners(out);
    print_whole(out, control);
    print_unknown(out);
    out.flush();
    return 0;
}

}

int main() { return run("qmail-showctl", show); }
