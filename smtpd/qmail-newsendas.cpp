// control/sendas becomes control/sendas.cdb. qmail-newsendas(8).
#include "base/sys/cdb.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/trying.hpp"
#include "base/text.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <map>

using namespace grapnel;

namespace {

constexpr const char* text_file = "control/sendas";
constexpr const char* temporary_file = "control/sendas.tmp";
constexpr const char* table_file = "control/sendas.cdb";

using Rights = std::map<std::string, std::string>;

bool is_entry(std::string_view entry)
{
    return entry == "*" || (entry.find('@') != std::string_view::npos && entry.back() != '@');
}

// USER:ADDRESS … Several lines of one user add up.
void add_line(std::string_view line, Rights& rights)
{
    const auto colon = line.find(':');
    const auto user = trim(line.substr(0, colon));
    if (colon == std::string_view::npos || user.empty())
        throw Stop{100, "fatal: bad line in " + std::string(text_file) + ": " + std::string(line)};
    auto& entries = rights[std::string(user)];
    for (const auto word : split(line.substr(colon + 1), ' ')) {
        const auto entry = trim(word);
        if (entry.empty()) continue;
        if (!is_entry(entry))
            throw Stop{100, "fatal: neither an address nor @domain nor * in " +
                                std::string(text_file) + ": " + std::string(entry)};
        entries += lower(entry) + '\n';
    }
}

}

int main()
{
    return run("qmail-newsendas", [] {
        ::umask(033);
        trying("unable to chdir to " + home(), [] { change_directory(home()); });
        const auto lines = trying(std::string("unable to read ") + text_file, [] {
            auto found = Control("control").list("sendas");
            if (!found) throw_error(ENOENT, "unable to read", text_file);
            return *found;
        });
        Rights rights;
        for (const auto& line : lines) add_line(line, rights);
        trying(std::string("unable to write to ") + temporary_file, [&] {
            CdbWriter table(table_file, temporary_file);
            for (const auto& [user, entries] : rights) table.add(user, entries);
            table.finish();
        });
        return 0;
    });
}
