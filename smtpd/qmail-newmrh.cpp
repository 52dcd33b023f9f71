// control/morercpthosts becomes control/morercpthosts.cdb. qmail-newmrh(8).
#include "base/sys/cdb.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/text.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

using namespace grapnel;

namespace {

constexpr const char* text_file = "control/morercpthosts";
constexpr const char* temporary_file = "control/morercpthosts.tmp";
constexpr const char* table_file = "control/morercpthosts.cdb";

template <class Body>
auto trying(const std::string& what, const Body& body)
{
    try {
        return body();
    } catch (const std::system_error& error) {
        throw Stop{111, "fatal: " + what + ": " + std::string(reason(error.code().value()))};
    }
}

std::vector<std::string> read_hosts()
{
    auto hosts = Control("control").list("morercpthosts");
    if (!hosts) throw_error(ENOENT, "unable to read", text_file);
    return *hosts;
}

}

int main()
{
    return run("qmail-newmrh", [] {
        ::umask(033);
        trying("unable to chdir to " + home(), [] { change_directory(home()); });
        const auto hosts = trying(std::string("unable to read ") + text_file, read_hosts);
        trying(std::string("unable to write to ") + temporary_file, [&] {
            CdbWriter table(table_file, temporary_file);
            for (const auto& host : hosts) table.add(lower(host), "");
            table.finish();
        });
        return 0;
    });
}
