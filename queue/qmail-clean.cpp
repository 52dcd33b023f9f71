// qmail-clean(8): removes what qmail-send, which may not write there, names on descriptor 0;
// answers on 1. Takes only digits: whatever happens to qmail-send, nothing else goes. Also collects
// what a killed qmail-queue left in pid/.
#include "base/sys/clock.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/file.hpp"
#include "base/sys/program.hpp"
#include "base/sys/row.hpp"
#include "base/sys/signal.hpp"
#include "queue/spool.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>

using namespace grapnel;
using namespace grapnel::queue;

namespace {

constexpr std::size_t longest_command = 99;
constexpr std::time_t collected_after = 129600;   // 36 hours; qmail-queue lives at most 24
constexpr int commands_between_collections = 30;

// A file that cannot be looked at or removed now is met again at the next round.
void collect_pid_files()
{
    const auto now = SystemClock().now();
    try {
        for (const auto& name : list_directory("pid")) {
            struct stat about {};
            const auto path = "pid/" + name;
            if (::stat(path.c_str(), &about) == 0 && now >= about.st_atime + collected_after)
                ::unlink(path.c_str());
        }
    } catch (const std::system_error&) {
    }
}

bool removed(const std::string& path) { return ::unlink(path.c_str()) == 0 || errno == ENOENT; }

char obey(const Spool& spool, std::string_view command)
{
    const bool foop = command.starts_with("foop/");
    if (!foop && !command.starts_with("todo/")) return 'x';
    const auto number = message_number(command.substr(5));
    if (!number) return 'x';
    // mess goes last: then the number may be given to another message.
    const bool done =
        removed(Spool::intd(*number)) && removed(foop ? spool.mess(*number) : Spool::todo(*number));
    return done ? '+' : '!';
}

// nullopt: no more. A command that is too long comes as an empty one, which nobody understands.
std::optional<std::string> next_command(Reader& input)
{
    std::string command;
    for (bool fits = true;;) {
        const auto piece = input.available();
        if (piece.empty()) return std::nullopt;
        const auto end = piece.find('\0');
        const auto part = piece.substr(0, end);
        fits = fits && command.size() + part.size() <= longest_command;
        if (fits) command += part;
        input.consume(end == std::string_view::npos ? piece.size() : end + 1);
        if (end != std::string_view::npos) return fits ? command : std::string();
    }
}

int serve()
{
    change_directory(home());
    change_directory("queue");
    ignore_signal(SIGPIPE);
    const Spool spool = Spool::open();
    row::qmail_clean();
    Reader input(0);
    for (int until_collection = 0;; --until_collection) {
        if (until_collection == 0) {
            collect_pid_files();
            until_collection = commands_between_collections + 1;
        }
        std::optional<std::string> command;
        try {
            command = next_command(input);
        } catch (const std::system_error&) {
            // An input that cannot be read is at its end.
        }
        if (!command) return 0;
        const char answer = obey(spool, *command);
        if (::write(1, &answer, 1) != 1) return 100;
    }
}

}

// Silent: nobody reads its descriptor 2.
int main()
{
    try {
        return serve();
    } catch (const std::exception&) {
        return 111;
    }
}
