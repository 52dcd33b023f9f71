// Makes users/cdb of users/assign (qmail-users(5)). The old table stays until the new one is
// complete.

#include "base/sys/cdb.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/trying.hpp"
#include "local/assign.hpp"

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <system_error>

namespace {

using namespace grapnel;
using local::AssignReader;

constexpr std::size_t longest_line = 65536;

void finish(CdbWriter& table)
{
    try {
        table.finish();
    } catch (const std::system_error& error) {
        const bool moving = std::string_view(error.what()).starts_with("unable to rename");
        throw Stop{111, moving ? "fatal: unable to move users/cdb.tmp to users/cdb"
                               : "fatal: unable to write users/cdb.tmp"};
    }
}

int make_table()
{
    ::umask(033);
    or_die("unable to chdir", [] { change_directory(home()); });
    const Fd file = or_die("unable to open users/assign", [] { return open_read("users/assign"); });
    CdbWriter table = or_die("unable to open users/cdb.tmp", [] { return CdbWriter("users/cdb"); });
    Reader input(file.get());
    AssignReader assignments;
    local::Assignment assignment;
    for (;;) {
        bool complete = false;
        const auto line = or_die("unable to read users/assign",
                                 [&] { return input.line(longest_line, &complete); });
        const auto outcome = assignments.take(line.value_or(""), complete, assignment);
        if (outcome == AssignReader::Outcome::end) break;
        if (outcome == AssignReader::Outcome::malformed)
            throw Stop{111, "fatal: bad format in users/assign"};
        or_die("unable to write users/cdb.tmp",
               [&] { table.add(assignment.key, assignment.data); });
    }
    or_die("unable to write users/cdb.tmp", [&] { table.add("", assignments.last_bytes()); });
    finish(table);
    return 0;
}

}

int main() { return grapnel::run("qmail-newu", make_table); }
