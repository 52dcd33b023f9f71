// Makes users/assign of a password file (qmail-pw2u(8)): standard input to standard output.
#include "base/arguments.hpp"
#include "base/sys/account.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/log.hpp"
#include "base/sys/program.hpp"
#include "base/sys/trying.hpp"
#include "base/text.hpp"
#include "local/passwd.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>

using namespace grapnel;
using namespace grapnel::local;

namespace {

constexpr std::size_t longest_line = 65536;

enum class Homes { skip_missing, stop_at_missing, any };

struct Options {
    AssignStyle style;
    Homes homes = Homes::skip_missing;
    bool upper_case = false;   // users with capitals are taken, too; mail would never reach them
};

Options read_options(const std::vector<std::string>& words)
{
    Options options;
    Arguments arguments(words, "/ohHuUc:C");
    while (const auto letter = arguments.next()) switch (*letter) {
        case '/':
            options.style.in_directories = true;
            break;
        case 'o':
            options.homes = Homes::skip_missing;
            break;
        case 'h':
            options.homes = Homes::stop_at_missing;
            break;
        case 'H':
            options.homes = Homes::any;
            break;
        case 'u':
        case 'U':
            options.upper_case = *letter == 'u';
            break;
        case 'c':
            options.style.separator = std::nullopt;
            if (!arguments.value().empty()) options.style.separator = arguments.value().front();
            break;
        case 'C':
            options.style.separator = std::nullopt;
            break;
        default:
            log_line(2, arguments.complaint());
            throw Stop{100};
        }
    return options;
}

// Names without regard to case, as in all lists.
using Names = std::set<std::string>;

std::optional<Names> read_names(const Control& users, const char* file)
{
    const auto list = users.list(file);
    if (!list) return std::nullopt;
    Names names;
    for (const auto& name : *list) names.insert(lower(name));
    return names;
}

struct Lists {
    std::optional<Names> include, exclude;
    std::map<std::string, std::string> mailnames;
};

Lists read_lists()
{
    const Control users("users");
    Lists lists{read_names(users, "include"), read_names(users, "exclude"), {}};
    for (const auto& line : users.list("mailnames").value_or(std::vector<std::string>())) {
        const auto colon = line.find(':');
        if (colon != std::string::npos)
            lists.mailnames[lower(line.substr(0, colon))] = line.substr(colon + 1);
    }
    return lists;
}

bool has_home(const PasswdEntry& user, Homes wanted)
{
    if (wanted == Homes::any) return true;
    struct stat about {};
    if (::stat(user.home.c_str(), &about) == 0) return about.st_uid == user.uid;
    if (errno != ENOENT || wanted == Homes::stop_at_missing)
        throw Stop{111, "fatal: unable to stat " + user.home};
    return false;
}

bool is_wanted(const PasswdEntry& user, const Lists& lists, const Options& options)
{
    const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (user.uid == 0) return false;
    if (!options.upper_case && std::any_of(user.name.begin(), user.name.end(), is_capital))
        return false;
    const auto name = lower(user.name);
    if (lists.include && !lists.include->contains(name)) return false;
    if (lists.exclude && lists.exclude->contains(name)) return false;
    return has_home(user, options.homes);
}

class Translation {
public:
    explicit Translation(const Options& options) : options_(options) {}

    void take_passwd(const Lists& lists)
    {
        each_line(0, [&](std::string_view line) {
            const auto user = parse_passwd_line(line);
            if (!user || !is_wanted(*user, lists, options_)) return;
            const auto name = lower(user->name);
            if (!user->name.empty()) users_[name] = user->fields();
            const auto renamed = lists.mailnames.find(name);
            write(assign_lines(*user,
                               renamed == lists.mailnames.end() ? user->name : renamed->second,
                               options_.style));
            has_alias_ = has_alias_ || user->name == role_name(Role::alias);
        });
        flush();   // as it ever was at the end of the input
        if (!has_alias_) throw Stop{111, "fatal: unable to find alias user"};
    }

    void take_subusers()
    {
        const auto file = open_users_file("subusers");
        if (!file) return;
        each_line(file->get(), [&](std::string_view line) {
            const auto lines = subuser_lines(line, users_, options_.style);
            if (!lines) throw Stop{111, "fatal: " + lines.error().text};
            write(*lines);
        });
    }

    void take_appendix()
    {
        const auto file = open_users_file("append");
        if (!file) return;
        Reader input(file->get());
        for (;;) {
            const auto bytes = or_die("unable to read input", [&] { return input.available(); });
            if (bytes.empty()) return;
            write(bytes);
            input.consume(bytes.size());
        }
    }

    void finish()
    {
        write(".\n");
        flush();
    }
    void flush()
    {
        or_die("unable to write output", [&] { output_.flush(); });
    }

private:
    static std::optional<Fd> open_users_file(const std::string& name)
    {
        return or_die("unable to read controls", [&] { return open_if_there("users/" + name); });
    }
    template <class Take>
    static void each_line(int file, const Take& take)
    {
        Reader input(file);
        while (const auto line =
                   or_die("unable to read input", [&] { return input.line(longest_line); }))
            take(*line);
    }
    void write(std::string_view text)
    {
        or_die("unable to write output", [&] { output_.write(text); });
    }

    const Options& options_;
    std::map<std::string, std::string> users_;
    bool has_alias_ = false;
    Writer output_{1, "standard output"};
};

int translate(const std::vector<std::string>& words)
{
    const auto options = read_options(words);
    or_die("unable to chdir", [] { change_directory(home()); });
    const auto lists = or_die("unable to read controls", read_lists);
    Translation translation(options);
    translation.take_passwd(lists);
    translation.take_subusers();
    translation.take_appendix();
    translation.finish();
    return 0;
}

}

int main(int count, char** words)
{
    return run("qmail-pw2u", [&] { return translate(argument_words(count, words)); });
}
