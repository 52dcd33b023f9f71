// Shows twice a minute what is new in a Maildir. maildirwatch(1).
#include "base/sys/environment.hpp"
#include "base/sys/error.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "local/maildir_list.hpp"
#include "local/tools/enter_maildir.hpp"
#include "local/tools/glance.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

using namespace grapnel;
using namespace grapnel::local;

namespace {

constexpr std::size_t width = 158;
constexpr unsigned pause_between = 30;   // seconds
constexpr const char *clear_screen = "\033[;H\033[;J", *bold = "\033[1m", *plain = "\033[0m";

std::string summary(const MaildirMessage& message)
{
    const Fd file(::open(message.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!file) return {};
    Glance glance;
    try {
        glance = glance_at(file.get(), "", width);
    } catch (const std::system_error&) {
        throw Stop{111, "fatal: trouble reading new message"};
    }
    std::string text =
        "FROM " + tamed(glance.sender, '?') + " TO <" + tamed(glance.recipient, '?') + ">\n";
    if (!glance.from.empty()) text += bold + tamed(glance.from, '/') + plain + '\n';
    return text + tamed(glance.text, '/') + "\n\n";
}

int watch()
{
    enter_maildir(Environment::of_process());
    Writer screen(1, "standard output");
    for (;;) {
        remove_stale_files();
        const auto messages = list_entered({"new"});
        screen.write(clear_screen);
        screen.flush();   // what is slow to be read shall not look old
        for (const auto& message : messages) screen.write(summary(message));
        screen.flush();
        ::sleep(pause_between);
    }
}

}

int main() { return run("maildirwatch", watch); }
