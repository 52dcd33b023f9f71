#include "local/tools/enter_maildir.hpp"

#include "base/sys/error.hpp"
#include "base/sys/program.hpp"

#include <unistd.h>

#include <cerrno>

namespace grapnel::local {

void enter_maildir(const Environment& environment)
{
    const auto maildir = environment.get("MAILDIR");
    if (!maildir) throw Stop{111, "fatal: MAILDIR not set"};
    if (::chdir(maildir->c_str()) != 0)
        throw Stop{111,
                   "fatal: unable to chdir to " + *maildir + ": " + std::string(reason(errno))};
}

std::vector<MaildirMessage> list_entered(const std::vector<std::string>& directories)
{
    try {
        return list_maildir(directories);
    } catch (const CannotScan& trouble) {
        throw Stop{111, "fatal: unable to scan $MAILDIR/" + trouble.directory + ": " +
                            std::string(reason(trouble.code().value()))};
    }
}

}
