// Tells a user on his terminals that mail has come. qbiff(1). Whatever happens, that mail has been
// delivered: it ends with 0.
#include "base/sys/environment.hpp"
#include "base/sys/fd.hpp"
#include "local/tools/glance.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmpx.h>

#include <cstring>
#include <exception>

using namespace grapnel;

namespace {

constexpr std::size_t width = 78;

std::string announcement(const Environment& environment)
{
    const auto sender = environment.get("SENDER"), local = environment.get("LOCAL");
    if (!sender || !local) return {};
    const auto heading = local::tamed("*** TO <" + *local + "> FROM <" + *sender + ">", '_');
    const auto text = local::tamed(local::glance_at(0, "    ", width).text, '/');
    return "\r\n\a" + heading + "\r\n" + text + "\r\n";
}

// "pts/3" of his own terminal, below /dev; "" for what is none.
std::string terminal_of(const utmpx& entry, const std::string& user)
{
    if (entry.ut_type != USER_PROCESS ||
        std::strncmp(entry.ut_user, user.c_str(), sizeof entry.ut_user) != 0)
        return {};
    const std::string line(entry.ut_line, ::strnlen(entry.ut_line, sizeof entry.ut_line));
    if (line.starts_with('/') || line.find('.') != std::string::npos) return {};
    return line;
}

// biff y sets the owner's x bit. Others' terminals are none of our business.
void write_to(const std::string& terminal, const std::string& text)
{
    const Fd file(
        ::open(terminal.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat about {};
    if (!file || ::fstat(file.get(), &about) != 0) return;
    if ((about.st_mode & S_IXUSR) == 0 || about.st_uid != ::getuid() || !S_ISCHR(about.st_mode))
        return;
    [[maybe_unused]] const auto ignored = ::write(file.get(), text.data(), text.size());
}

void tell()
{
    const auto environment = Environment::of_process();
    const auto user = environment.get("USER");
    if (!user || user->size() > sizeof utmpx::ut_user) return;
    const auto text = announcement(environment);
    if (text.empty() || ::chdir("/dev") != 0) return;
    if (in_sandbox()) ::utmpxname((home() + "/run/utmp").c_str());
    while (const utmpx* entry = ::getutxent()) {
        const auto terminal = terminal_of(*entry, *user);
        if (!terminal.empty()) write_to(terminal, text);
    }
}

}

int main()
{
    try {
        tell();
    } catch (const std::exception&) {
        // Nobody is told, then.
    }
    return 0;
}
