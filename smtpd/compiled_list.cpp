#include "smtpd/compiled_list.hpp"

#include "base/sys/cdb.hpp"
#include "base/sys/control.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/trying.hpp"
#include "base/text.hpp"

#include <sys/stat.h>

#include <cerrno>

namespace grapnel::smtpd {

void compile_list(const std::string& name)
{
    const std::string text_file = "control/" + name, temporary_file = text_file + ".tmp";
    ::umask(033);
    trying("unable to chdir to " + home(), [] { change_directory(home()); });
    const auto entries = trying("unable to read " + text_file, [&] {
        auto lines = Control("control").list(name);
        if (!lines) throw_error(ENOENT, "unable to read", text_file);
        return *lines;
    });
    trying("unable to write to " + temporary_file, [&] {
        CdbWriter table(text_file + ".cdb", temporary_file);
        for (const auto& entry : entries) table.add(lower(entry), "");
        table.finish();
    });
}

}
